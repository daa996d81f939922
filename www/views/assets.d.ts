/** Stylesheets that the build hands over as text, for elements that adopt them. */
declare module '*.min.css' {
  const text: string;
  export default text;
}
