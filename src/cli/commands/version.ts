import type { Command } from 'commander';
import manifest from '../../../package.json' with { type: 'json' };
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { programFacts } from '../program-facts.ts';

/** `version [--json] [-f FORMAT]` */
export function configureVersion(command: Command, cli: Cli): void {
  examples(command, 'plimsoll version --json', "plimsoll version -f '{{.Server.Version}}'")
    .option('--json', 'As JSON')
    .option('-f, --format <format>', "A Go template over docker's fields, or json")
    .action(async ({ json, format }: { json?: true; format?: string }) => {
      const { version } = manifest;
      const node = process.versions.node;
      if (format !== undefined) cli.stdout.write(await asDocker(format));
      else if (json) cli.stdout.write(`${JSON.stringify({ version, node })}\n`);
      else cli.stdout.write(`plimsoll ${version} (Node ${node})\n`);
    });
}

/** Client and server are one here. */
async function asDocker(format: string): Promise<string> {
  const { versionJson } = await import('../../wire/index.ts');
  const { ApiVersion: APIVersion, ...rest } = versionJson(programFacts()) as { ApiVersion: string };
  const one = { ...rest, APIVersion }; // docker's client has a spelling of its own
  const both = { Client: one, Server: one };
  if (format === 'json') return `${JSON.stringify(both)}\n`;
  return (await import('../format/template.ts')).formatObject(both, format);
}
