import type { Command } from 'commander';
import { cleanText } from '../../lib/clean-text.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { programFacts } from '../program-facts.ts';

/** `info [--json] [-f FORMAT]`, and `system info` */
export function configureInfo(command: Command, cli: Cli): void {
  examples(command, 'plimsoll info', "plimsoll info -f '{{.NCPU}} {{.MemTotal}}'")
    .option('--json', 'All that plimsoll knows of itself, as JSON')
    .option('-f, --format <format>', "A Go template over docker's fields, or json")
    .action(async ({ json, format }: { json?: true; format?: string }) => {
      const engine = await cli.engine();
      const info = engine.system.info();
      const storage = await engine.system.storage();
      if (format !== undefined) {
        const { infoJson } = await import('../../wire/index.ts');
        const facts = await engine.stats.facts();
        const [networks, program, now] = [engine.networks.list(), programFacts(), Date.now()];
        const all = infoJson({ info, storage, facts, networks, program, now });
        cli.stdout.write(
          format === 'json'
            ? `${JSON.stringify(all)}\n`
            : (await import('../format/template.ts')).formatObject(all, format),
        );
        return;
      }
      if (json) {
        cli.stdout.write(`${JSON.stringify({ ...info, storage }, undefined, 2)}\n`);
        return;
      }
      const { root, containers } = info;
      const { link } = engine;
      cli.stdout.write(
        [
          ...(link === undefined ? [] : [`Engine:      ${link.product} at ${link.address}`]),
          `Root:        ${root.dataDir} (${root.id}${root.rootless ? ', without root' : ''})`,
          ...(link === undefined ? [`Run folder:  ${root.runDir}`] : []),
          `Runtime:     ${info.runtime}`,
          `Cgroups:     ${info.cgroupVersion}`,
          ...(link === undefined ? [`Networking:  ${info.networking}`] : []),
          `Storage:     ${storage.driver}${storage.why === undefined ? '' : ` (${cleanText(storage.why)})`}`,
          `Containers:  ${containers.running} running, ${containers.paused} paused, ${containers.stopped} stopped`,
          `Images:      ${info.images}`,
          '',
        ].join('\n'),
      );
    });
}
