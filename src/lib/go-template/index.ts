/**
 * Go's text/template, in which docker's users write formats: `{{.Names}}`, `{{range .Mounts}}{{.Source}} {{end}}`.
 *
 *     const template = parseTemplate('{{json .State}}');
 *     runTemplate(template, { State: { Running: true } }); // {"Running":true}
 *
 * No package for it is kept well; the language is small, and data never brings a template along.
 * @module
 */
export { parseTemplate } from './parse-template.ts';
export { type AbsentField, runTemplate, UnknownField } from './run-template.ts';
export { type Body as Template, TemplateError } from './syntax.ts';
