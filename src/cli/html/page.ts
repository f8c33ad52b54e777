import { html, Markup } from './markup.ts';
import { style } from './style.ts';

/** A page that stands on its own: no script, and nothing that is loaded from elsewhere. `further`: styles of its own. */
export function page(title: string, body: Markup, further = ''): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${new Markup(style + further)}</style>
</head>
<body>
${body}</body>
</html>
`.text;
}

/** A time as pages say it, in UTC to the minute. `now`: milliseconds since the epoch. */
export function asOf(now: number): string {
  return `${new Date(now).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
