import type { Cli } from './cli.ts';

/** Tells a person whose list is empty, and who is not root, where the containers of root are listed. */
export async function noteWithoutRoot(cli: Cli, verb: string): Promise<void> {
  if (cli.stderr.isTTY !== true || cli.target() !== undefined || !(await cli.root()).rootless) return;
  cli.stderr.write(`plimsoll: those of root are listed by 'sudo plimsoll ${verb}'\n`);
}
