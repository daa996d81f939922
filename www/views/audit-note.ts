/** What the views of diagnosis say where there is nothing to show: not read yet, not readable, or not built in. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Audit } from '../model/diagnosis.ts';

const LINE = 'flagstone = { version = "*", features = ["sites"] }';

/** Instead of a view; nothing where there is a report. */
export function auditNote(audit: Audit, what: string): TemplateResult | typeof nothing {
  if (audit === undefined) return html`<p class="card empty" role="status">Reading what diagnosis knows …</p>`;
  if ('sentence' in audit) return html`<p class="notice bad" role="alert">The records of diagnosis cannot be read: ${audit.sentence}</p>`;
  if (audit.report !== null) return nothing;
  return html`<section class="card none"><h2>Built without diagnosis</h2>
    <p>This module keeps no records of ${what}: it was built without the feature <code>audit</code>. Add it in <code>Cargo.toml</code>, or <code>sites</code>, which records call stacks of JavaScript, too; build again, and this view fills:</p>
    <pre>${LINE}</pre>
    <p class="muted">Until something is turned on, which can be done from here while the program runs, it costs one or two comparisons for a request.</p></section>`;
}
