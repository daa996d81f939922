/** Colours of the stylesheet as canvases need them: what the browser makes of a custom property in the scheme of the moment. */
import { parseColour, type Colour } from '../model/palette.ts';

/** Returns a reader of custom properties; it uses a hidden element in `root`, since only an element resolves `light-dark()`. */
export function colourReader(root: Node): (property: string) => Colour {
  const probe = document.createElement('i');
  probe.hidden = true;
  root.appendChild(probe);
  return (property) => {
    probe.style.setProperty('color', `var(${property})`);
    return parseColour(getComputedStyle(probe).color);
  };
}

export function cssColour([red, green, blue]: Colour, opacity = 1): string {
  return `rgb(${red} ${green} ${blue} / ${opacity})`;
}
