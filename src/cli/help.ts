import { commandTable } from './command-table.ts';

/** The help of `plimsoll` itself: every verb by group, made from the table alone. */
export function topLevelHelp(): string {
  const width = Math.max(...commandTable.map(entry => entry.name.length));
  const groups = [...new Set(commandTable.map(entry => entry.group))];
  const listing = groups.map(group => {
    const lines = commandTable.filter(entry => entry.group === group);
    return `${group}:\n${lines.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}\n`;
  });
  return `Usage: plimsoll [--root DIR | --host ADDRESS | --context NAME] [COMMAND]

A container engine with a load line. With no command it opens the dashboard.

${listing.join('\n')}
Options:
  --root DIR           Keep everything in this folder (also PLIMSOLL_ROOT; default /var/lib/plimsoll)
  -H, --host ADDRESS   Look at another engine: unix:///PATH, tcp://HOST:2376 or ssh://USER@HOST (also PLIMSOLL_HOST;
                       commands follow DOCKER_HOST too, the dashboard stays with this machine)
  -c, --context NAME   The same by a name that 'plimsoll context create' gave
  --tls, --tlsverify, --tlscacert FILE, --tlscert FILE, --tlskey FILE
                       Certificates for tcp:// (default: those of DOCKER_CERT_PATH)
  --config DIR         Logins and contexts of docker's client (default ~/.docker; also DOCKER_CONFIG)
  -D, --debug          Print where an error comes from
  --version            Print the version
  --help               Print this help; 'plimsoll COMMAND --help' tells more, with examples

Example:
  plimsoll build -t web . && plimsoll run -d -p 8080:80 --memory 256m web
`;
}
