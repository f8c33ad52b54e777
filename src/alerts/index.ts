/**
 * Where alerts go: to a command, to a webhook.
 *
 *     await deliverAlert(alert, { webhook: new URL('https://hooks.example/plimsoll') }, signal);
 * @module
 */
export { type AlertTargets, deliverAlert } from './deliver.ts';
