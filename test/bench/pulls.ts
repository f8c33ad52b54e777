import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noRegistry, startRegistry } from '../support/real-registry.ts';
import { type Contestant, compare } from './measure.ts';
import { printComparison, printFigure } from './report.ts';

const layers = 10;
const layerBytes = 50 * 1024 * 1024;

/**
 * Pulls of an image of 500 MB in 10 layers from a registry on loopback, beside `docker pull` and `skopeo copy` into
 * containers' storage; and the most memory that plimsoll has meanwhile.
 */
export async function benchPulls(plimsoll: readonly string[]): Promise<void> {
  if (noRegistry !== false) {
    console.log(`pulls are not measured: ${noRegistry}`);
    return;
  }
  await using registry = await startRegistry();
  const name = `${registry.host}/bench-pull:1`;
  await publish(plimsoll, name);
  const storage = mkdtempSync(join(tmpdir(), 'plimsoll-bench-skopeo-'));
  const done = (name: string, argv: readonly string[]): Contestant => ({ name, once: () => ask(argv) });
  const fresh = (one: Contestant, clean: () => Promise<void>): Contestant => ({
    ...one,
    once: async () => {
      await one.once();
      await clean();
    },
  });
  try {
    const own = () => ask([...plimsoll, 'rmi', name]);
    const skopeo = `containers-storage:[overlay@${storage}/root+${storage}/run]${name}`;
    const contestants = [
      fresh(done('plimsoll', [...plimsoll, 'pull', '-q', name]), own),
      ...(spawnSync('docker', ['info']).status === 0
        ? [fresh(done('docker', ['docker', 'pull', '-q', name]), () => ask(['docker', 'rmi', name]))]
        : []),
      ...(spawnSync('skopeo', ['--version']).status === 0
        ? [
            fresh(
              done('skopeo', ['skopeo', 'copy', '-q', '--src-tls-verify=false', `docker://${name}`, skopeo]),
              () => ask(['skopeo', 'delete', skopeo]),
            ),
          ]
        : []),
    ];
    const title = `pull of ${layers} layers, ${Math.round((layers * layerBytes) / 1e6)} MB`;
    printComparison(title, await compare(contestants, 2), { ratioTo: { docker: 0.8, skopeo: 0.8 } });
    const peak = await peakMemory([...plimsoll, 'pull', '-q', name]);
    printFigure('memory of that pull, MB', peak / 1e6, 200);
  } finally {
    spawnSync('umount', [join(storage, 'root/overlay')]); // skopeo mounts it on itself
    rmSync(storage, { recursive: true, force: true });
  }
}

/** Makes the image and sends it: half of each layer cannot be packed. */
async function publish(plimsoll: readonly string[], name: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-pull-'));
  try {
    const lines = ['FROM scratch'];
    for (let layer = 0; layer < layers; layer++) {
      const half = layerBytes / 2;
      writeFileSync(
        join(folder, `part-${layer}`),
        Buffer.concat([randomBytes(half), Buffer.alloc(half, `${layer} `)]),
      );
      lines.push(`COPY part-${layer} /`);
    }
    writeFileSync(join(folder, 'Dockerfile'), `${lines.join('\n')}\n`);
    await ask([...plimsoll, 'build', '-q', '-t', name, folder]);
    await ask([...plimsoll, 'push', '-q', name]);
    await ask([...plimsoll, 'rmi', name]);
    await ask([...plimsoll, 'builder', 'prune', '-a', '-f']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a command to its end without blocking: the registry's words have to be read meanwhile. */
async function ask(argv: readonly string[]): Promise<void> {
  const child = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['ignore', 'ignore', 'inherit'] });
  const code = await new Promise(resolve => child.once('close', resolve));
  if (code !== 0) throw new Error(`${argv.join(' ')}: exit ${String(code)}`);
}

/** The most memory of a command, in bytes: VmHWM of proc(5), looked at until it ends. */
async function peakMemory(argv: readonly string[]): Promise<number> {
  const child = spawn(argv[0] ?? '', argv.slice(1), { stdio: 'ignore' });
  let peak = 0;
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peak = Math.max(peak, 1024 * Number(/^VmHWM:\s*(\d+)/m.exec(status)?.[1] ?? 0));
    } catch {
      // it has ended
    }
  }, 20);
  await new Promise(resolve => child.once('close', resolve));
  clearInterval(timer);
  return peak;
}
