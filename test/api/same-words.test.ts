import assert from 'node:assert/strict';
import { test } from 'node:test';
import { daemonOfOwn, dockerClients, noDocker } from '../support/daemon-of-own.ts';

/** Formats that people write, by what they are asked of. */
const formats: readonly (readonly [command: readonly string[], formats: readonly string[]])[] = [
  [
    ['inspect', 'web'],
    [
      '{{.Id}} {{.Name}} {{.State.Status}} {{.State.Running}} {{.RestartCount}}',
      '{{.State.Pid}} {{.Config.Image}} {{.Config.User}}|{{.Config.Hostname}}',
      '{{json .Config.Labels}} {{json .Mounts}} {{json .HostConfig.PortBindings}}',
      '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
      '{{range $name, $net := .NetworkSettings.Networks}}{{$name}}={{$net.Gateway}}{{end}}',
      '{{index .Config.Labels "team"}}{{if .State.Health}} checked{{else}} unchecked{{end}}',
      '{{range .Config.Env}}{{println .}}{{end}}{{join .Config.Cmd " "}}',
      '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}',
      '{{.HostConfig.Memory}} {{.HostConfig.RestartPolicy.Name}} {{len .Mounts}}',
      '{{range .Mounts}}{{.Type}} {{.Destination}} {{.RW}}{{end}}',
    ],
  ],
  [
    ['ps', '-a', '--no-trunc'],
    [
      '{{.ID}} {{.Names}} {{.Image}} {{.Command}} {{.State}} {{.Ports}}',
      '{{.Label "team"}}|{{.Labels}}|{{.Networks}}',
      'table {{.Names}}\\t{{.Image}}\\t{{.Label "team"}}',
    ],
  ],
  [
    ['images', '--no-trunc'],
    ['{{.Repository}}:{{.Tag}} {{.ID}}', 'table {{.ID}}\\t{{.Repository}}'],
  ],
  [['network', 'ls', '--no-trunc'], ['{{.ID}} {{.Name}} {{.Driver}} {{.Scope}} {{.Internal}}']],
  [['network', 'inspect', 'bridge'], ['{{.Name}} {{range .IPAM.Config}}{{.Subnet}}{{end}} {{.Internal}}']],
  [['volume', 'ls'], ['{{.Driver}} {{.Name}} {{.Mountpoint}} {{.Scope}}']],
  [['volume', 'inspect', 'kept'], ['{{.Name}} {{.Mountpoint}} {{index .Labels "of"}}']],
  [
    ['image', 'inspect', 'busybox'],
    ['{{.Id}} {{.Architecture}} {{.Os}} {{len .RootFS.Layers}} {{.RepoTags}} {{json .Config.Cmd}}'],
  ],
  [['version'], ['{{.Server.Version}} {{.Server.APIVersion}} {{.Server.Os}}/{{.Server.Arch}}']],
  [['info'], ['{{.ID}} {{.Driver}} {{.NCPU}} {{.MemTotal}} {{.DockerRootDir}} {{.CgroupVersion}}']],
];

test('what a format makes of containers, images, networks and volumes is what docker makes of them', {
  skip: noDocker,
}, async t => {
  await using daemon = await daemonOfOwn();
  const ok = async (...args: string[]) => {
    const done = await daemon.plimsoll(...args);
    assert.equal(done.code, 0, `${args.join(' ')}: ${done.stderr}`);
    return done.stdout;
  };
  await ok('volume', 'create', '--label', 'of=ship', 'kept');
  const flags = [
    '-l',
    'team=sea',
    '-v',
    'kept:/kept',
    '-p',
    '127.0.0.1:18231:80',
    '-m',
    '64m',
    '-e',
    'A=b c',
  ];
  await ok('run', '-d', '--name', 'web', ...flags, 'busybox', 'sleep', '1000');
  await ok('run', '--name', 'gone', '-p', '127.0.0.1:18232:80', 'busybox', 'true');
  const docker = dockerClients[0] ?? 'docker';
  for (const [command, wanted] of formats) {
    for (const format of wanted) {
      await t.test(`${command.join(' ')} --format ${format}`, async () => {
        const theirs = await daemon.docker(docker, [...command, '--format', format]);
        assert.equal(theirs.code, 0, theirs.stderr);
        const alike = (text: string) => text.trimEnd().replace(/ +/g, ' ').replace(/ $/gm, '');
        assert.equal(alike(await ok(...command, '--format', format)), alike(theirs.stdout));
      });
    }
  }
});
