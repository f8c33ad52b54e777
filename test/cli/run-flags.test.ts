import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cgroupVersion } from '../../src/engine/kernel/index.ts';
import { findInit } from '../../src/engine/runtime/index.ts';
import { noEngine, rootOfOwn } from '../support/root-of-own.ts';
import { type CliOptions, runPlimsoll } from '../support/run-cli.ts';

/** Docker's flags of `run`, each by what is so in the container. Networks have tests of their own. */
test("docker's flags of run and update, on a real engine", { skip: noEngine }, async t => {
  await using own = await rootOfOwn();
  const { root, folder } = own;
  const plimsoll = (words: string, options: CliOptions = {}) =>
    runPlimsoll(
      words.split(' ').map(word => word.replaceAll('~', ' ')),
      { root, cwd: folder, ...options },
    );
  const ok = async (words: string, options: CliOptions = {}) => {
    const result = await plimsoll(words, options);
    assert.equal(result.code, 0, `${words}: ${result.stderr}`);
    return result.stdout;
  };
  const run = (words: string) => ok(`run --rm --network none ${words}`);
  const refused = async (words: string, message: RegExp) => {
    const result = await plimsoll(`run --rm --network none ${words}`);
    assert.equal(result.code, 125, `${words}: ${result.stdout}`);
    assert.match(result.stderr, message, words);
  };
  const at = (name: string) => join(folder, name);
  const cgroup = (controller: string, id: string, file: string) =>
    readFileSync(join('/sys/fs/cgroup', controller, `plimsoll-${root.id}`, id.trim(), file), 'utf8').trim();
  const v2 = cgroupVersion() === 'v2';

  await t.test('--init puts a reaper first, and passes the exit code on', async t => {
    if (!initIsThere()) return t.skip('needs tini-static or catatonit');
    assert.match(await run('--init busybox sh -c cat~/proc/1/cmdline'), /init/);
    assert.equal((await plimsoll('run --rm --network none --init busybox sh -c exit~7')).code, 7);
    assert.equal((await plimsoll('run --rm --network none --init --read-only busybox true')).code, 0);
  });

  await t.test('--env-file and --label-file are read, later ones over earlier ones', async () => {
    writeFileSync(at('env'), '# a comment\nA=from file\nB= kept \nHOMELESS\n');
    writeFileSync(at('labels'), 'team=a\n');
    assert.equal(await run('--env-file env -e A=given busybox sh -c echo~$A-$B-'), 'given- kept -\n');
    await ok('create --name labelled --label-file labels -l x=y busybox');
    const [{ Config }] = JSON.parse(await ok('inspect labelled')) as [{ Config: { Labels: object } }];
    assert.deepEqual(Config.Labels, { team: 'a', x: 'y' });
    await ok('rm labelled');
  });

  await t.test('--cidfile gets the id, must not exist, and goes with a failure', async () => {
    const id = await ok('create --cidfile id busybox');
    assert.equal(`${readFileSync(at('id'), 'utf8')}\n`, id);
    await refused('--cidfile id busybox', /exists already/);
    await refused('--cidfile other nosuchimage:1 --pull never', /nosuchimage/);
    assert.ok(!existsSync(at('other')));
    await ok(`rm ${id.trim()}`);
  });

  await t.test('--mount knows binds, volumes and memory with all that docker says of them', async () => {
    mkdirSync(at('bind'));
    writeFileSync(at('bind/f'), 'bound');
    assert.equal(await run(`--mount type=bind,src=${at('bind')},dst=/b,ro busybox cat /b/f`), 'bound');
    const { code } = await plimsoll(
      `run --rm --network none --mount type=bind,src=${at('bind')},dst=/b,ro busybox touch /b/x`,
    );
    assert.equal(code, 1);
    assert.match(
      await run(
        '--mount type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=700 busybox sh -c grep~/t~/proc/mounts;ls~-ld~/t',
      ),
      /tmpfs.*size=1024k[\s\S]*drwx------/,
    );
    await run('--mount src=data,dst=/d busybox sh -c mkdir~/d/sub;echo~in>/d/sub/f');
    assert.equal(await run('--mount src=data,dst=/d,volume-subpath=sub busybox cat /d/f'), 'in\n');
    await refused('--mount src=data,dst=/d,volume-subpath=nosuch busybox true', /has no "nosuch"/);
    await refused('--mount src=data,dst=/d,volume-subpath=../x busybox true', /no folder of a volume/);
    assert.equal(
      await run('--mount src=empty,dst=/etc,volume-nocopy busybox ls /etc').then(text =>
        text.includes('passwd'),
      ),
      false,
    );
    assert.equal(
      await run('--mount src=full,dst=/etc busybox ls /etc').then(text => text.includes('passwd')),
      true,
    );
    const mounts = await run(`-v ${at('bind')}:/b:rslave busybox grep /b /proc/self/mountinfo`);
    assert.match(mounts, /master:|\/b/);
  });

  await t.test(
    'what is mounted below a read-only bind is read-only too, unless it is to be writable',
    async () => {
      mkdirSync(at('outer/inner'), { recursive: true });
      execFileSync('mount', ['-t', 'tmpfs', 'inner', at('outer/inner')]);
      try {
        const touch = async (more: string) =>
          (
            await plimsoll(
              `run --rm --network none --mount type=bind,src=${at('outer')},dst=/o,ro${more} busybox touch /o/inner/x`,
            )
          ).code;
        assert.equal(await touch(''), 1);
        assert.equal(await touch(',bind-recursive=readonly'), 1);
        assert.equal(await touch(',bind-recursive=writable'), 0);
        assert.equal(
          await run(
            `--mount type=bind,src=${at('outer')},dst=/o,bind-recursive=disabled busybox ls /o/inner`,
          ),
          '',
        );
      } finally {
        execFileSync('umount', [at('outer/inner')]);
      }
    },
  );

  await t.test('a single file is bound too, read-only or not, to a path that the image lacks', async () => {
    writeFileSync(at('one.conf'), 'kept');
    assert.equal(
      await run(`-v ${at('one.conf')}:/etc/app/one.conf:ro busybox cat /etc/app/one.conf`),
      'kept',
    );
    const write = `busybox sh -c echo>/one.conf`;
    assert.notEqual(
      (await plimsoll(`run --rm --network none -v ${at('one.conf')}:/one.conf:ro ${write}`)).code,
      0,
    );
    assert.equal(await run(`-v ${at('one.conf')}:/one.conf ${write}`), '');
  });

  await t.test('--tmpfs takes the options of mount', async () => {
    const text = await run(
      '--tmpfs /t:size=2m,mode=755,uid=7,exec busybox sh -c grep~/t~/proc/mounts;stat~-c%u~/t',
    );
    assert.match(text, /rw,nosuid,nodev,relatime,size=2048k,mode=755,uid=7/);
    assert.match(text, /^7$/m);
    assert.match(await run('--tmpfs /t busybox grep /t /proc/mounts'), /noexec/);
    await refused('--tmpfs /t:evil=1 busybox true', /cannot have the option "evil=1"/);
  });

  await t.test('--volumes-from mounts what others have', async () => {
    await ok(`create --name source -v kept:/kept -v ${at('bind')}:/b --tmpfs /t busybox`);
    assert.equal(await run('--volumes-from source busybox cat /b/f'), 'bound');
    assert.equal(
      (await plimsoll('run --rm --network none --volumes-from source:ro busybox touch /kept/x')).code,
      1,
    );
    await run('--volumes-from source busybox touch /kept/x');
    await refused('--volumes-from nosuch busybox true', /No such container: nosuch/);
    await ok('rm source');
    assert.match(await ok('volume ls -q'), /^kept$/m);
  });

  await t.test('--shm-size, --ipc, --pid and --uts share what they say, and no more', async () => {
    assert.match(await run('--shm-size 8m busybox grep /dev/shm /proc/mounts'), /size=8192k/);
    assert.match(await run('busybox grep /dev/shm /proc/mounts'), /size=65536k/);
    assert.equal(await run('--ipc none busybox sh -c grep~-c~/dev/shm~/proc/mounts;true'), '0\n');
    const inode = (kind: string) =>
      readFileSync('/proc/self/mountinfo') && execFileSync('readlink', [`/proc/self/ns/${kind}`]).toString();
    for (const kind of ['ipc', 'pid', 'uts'] as const) {
      assert.equal(await run(`--${kind} host busybox readlink /proc/self/ns/${kind}`), inode(kind));
      assert.notEqual(await run(`busybox readlink /proc/self/ns/${kind}`), inode(kind));
    }
    await ok(
      'run -d --name owner --network none --ipc shareable --shm-size 9m --hostname of-owner busybox sleep 1000',
    );
    await ok('exec owner touch /dev/shm/shared');
    assert.match(await run('--ipc container:owner busybox ls /dev/shm'), /shared/);
    assert.match(await run('--pid container:owner busybox ps'), /sleep 1000/);
    assert.equal(await run('--uts container:owner busybox hostname'), 'of-owner\n');
    await ok('run -d --name private --network none busybox sleep 1000');
    await refused('--ipc container:private busybox true', /does not share its memory/);
    await refused('--pid container:nosuch busybox true', /No such container: nosuch/);
    await refused('--ipc nosuch busybox true', /nothing that --ipc can be/);
    await refused('--uts host --hostname x busybox true', /needs a namespace of its own/);
    await refused('--userns keep-id busybox true', /not supported/);
    await ok('rm -f private');
    await ok('stop -t 0 owner');
    await refused('--pid container:owner busybox true', /does not run/);
    await ok('start owner');
    await ok('rm -f owner');
    const cgroups = await run('--cgroupns private busybox cat /proc/self/cgroup');
    assert.doesNotMatch(cgroups, new RegExp(root.id));
  });

  await t.test(
    '--network container:NAME is that network, with its names, and nothing of its own',
    async () => {
      await ok('run -d --name owner --hostname of-owner busybox httpd -f -p 8080 -h /etc');
      await ok('run -d --name joined --network container:owner busybox sleep 1000');
      const inode = (name: string) => ok(`exec ${name} readlink /proc/self/ns/net`);
      assert.equal(await inode('joined'), await inode('owner'));
      assert.equal(await ok('exec joined wget -qO- http://127.0.0.1:8080/hostname'), 'of-owner\n');
      for (const file of ['hosts', 'resolv.conf', 'hostname'])
        assert.equal(await ok(`exec joined cat /etc/${file}`), await ok(`exec owner cat /etc/${file}`));
      assert.equal(await ok('exec joined hostname'), 'of-owner\n');
      const id = (await ok('inspect -f {{.Id}} owner')).trim();
      assert.equal((await ok('inspect -f {{.HostConfig.NetworkMode}} joined')).trim(), `container:${id}`);
      await ok('rename owner renamed');
      await ok('restart -t 0 joined');
      assert.equal(await inode('joined'), await inode('renamed'));
      const refusedTo = async (words: string, message: RegExp) => {
        const result = await plimsoll(`run --rm ${words} busybox true`);
        assert.equal(result.code, 125, words);
        assert.match(result.stderr, message);
      };
      for (const option of [
        '-p 80:80',
        '--hostname x',
        '--dns 10.0.0.1',
        '--add-host a:10.0.0.1',
        '--ip 10.0.0.9',
      ])
        await refusedTo(`--network container:renamed ${option}`, /network of another container/);
      await refusedTo('--network container:nosuch', /No such container: nosuch/);
      await ok('rm -f renamed');
      assert.match(await ok('exec joined echo alive'), /alive/);
      await ok('rm -f joined');
      await ok('run -d --name on-host --network host busybox sleep 1000');
      const host = execFileSync('readlink', ['/proc/self/ns/net']).toString();
      assert.equal(await ok('run --rm --network container:on-host busybox readlink /proc/self/ns/net'), host);
      await ok('stop -t 0 on-host');
      await refusedTo('--network container:on-host', /does not run/);
      await ok('rm on-host');
    },
  );

  await t.test('-i loses no output of a container that ends while its input is being connected', async () => {
    for (let turn = 0; turn < 20; turn++)
      assert.equal(await run(`-i busybox echo turn ${turn}`), `turn ${turn}\n`);
  });

  await t.test('--link gives another container a name that this one alone knows', async () => {
    await ok('run -d --name linked busybox sleep 1000');
    const address = (await ok('inspect -f {{.NetworkSettings.IPAddress}} linked')).trim();
    const hosts = await ok('run --rm --link linked:other busybox cat /etc/hosts');
    assert.match(hosts, new RegExp(`^${address}\\tother$`, 'm'));
    for (const link of ['linked:a:b', 'linked:a~b', ':a']) {
      const wrong = await plimsoll(`run --rm --link ${link} busybox true`);
      assert.equal(wrong.code, 125);
      assert.match(wrong.stderr, /is no link/);
    }
    await ok('rm -f linked');
    const gone = await plimsoll('run --rm --link linked:other busybox true');
    assert.equal(gone.code, 0);
    assert.match(gone.stderr, /"linked" is not running on the network "bridge": its name "other"/);
  });

  await t.test('--hostname, --domainname, --add-host, --dns and its kin are in /etc', async () => {
    assert.equal(
      await run(
        '--hostname web --domainname example.org busybox sh -c hostname;cat~/proc/sys/kernel/domainname',
      ),
      'web\nexample.org\n',
    );
    const flags =
      '--dns 10.0.0.1 --dns-search a.example --dns-search b.example --dns-option ndots:3 --dns-opt rotate';
    assert.equal(
      await run(`${flags} busybox cat /etc/resolv.conf`),
      'nameserver 10.0.0.1\nsearch a.example b.example\noptions ndots:3 rotate\n',
    );
    assert.doesNotMatch(await run('--dns 10.0.0.1 --dns-search . busybox cat /etc/resolv.conf'), /search/);
    const hosts = await run('--add-host db:10.0.0.5 --add-host me=host-gateway busybox cat /etc/hosts');
    assert.match(hosts, /^10\.0\.0\.5\tdb$/m);
    assert.match(hosts, /^[\d.]+\tme$/m);
    await refused('--add-host db:nosuch busybox true', /no extra host/);
  });

  await t.test('--device and its rules give devices, and not others', async () => {
    assert.match(await run('--device /dev/loop-control busybox ls -l /dev/loop-control'), /^crw/);
    assert.match(await run('--device /dev/full:/dev/other:r busybox sh -c head~-c1~/dev/other|od~-c'), /\\0/);
    const denied = 'run --rm --network none busybox sh -c mknod~/d~b~7~0;head~-c1~/d';
    assert.match((await plimsoll(denied)).stderr, /Operation not permitted/);
    const allowed = await plimsoll(denied.replace('busybox', '--device-cgroup-rule b~7:0~rwm busybox'));
    assert.doesNotMatch(allowed.stderr, /Operation not permitted/);
    await refused('--device /dev/nosuch busybox true', /"\/dev\/nosuch" does not exist/);
    await refused('--device /etc busybox true', /has no devices/);
    await refused('--device-cgroup-rule x busybox true', /no rule for devices/);
    await refused('--device vendor.example/gpu=0 busybox true', /no CDI spec describes/);
    await refused('--gpus all busybox true', /no CDI spec describes GPUs/);
  });

  await t.test(
    'pain 23: -v makes the folder that is not there and says whose it is; --mount refuses',
    async () => {
      const made = at('new/b');
      const { code, stderr } = await plimsoll(`run --rm --network none -v ${made}:/x busybox touch /x/in`);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /made the folder ".*\/new\/b", which was not there; it belongs to \w+\n/);
      assert.ok(existsSync(join(made, 'in')));
      const again = await plimsoll(`run --rm --network none -v ${made}:/x busybox true`);
      assert.equal(again.stderr, '');
      const mount = `--mount type=bind,source=${folder}/c,target=/x`;
      await refused(`${mount} busybox true`, /the bind source ".*\/c" does not exist/);
      assert.ok(!existsSync(at('c')));
      assert.equal((await plimsoll(`run --rm --network none ${mount},bind-create-src busybox true`)).code, 0);
      const file = at('file');
      writeFileSync(file, '');
      await refused(`-v ${file}/below:/x busybox true`, /cannot make the folder/);
    },
  );

  await t.test('--ulimit asks for no more than the caller may give, and says so', async () => {
    const both = 'busybox sh -c ulimit~-Sn;ulimit~-Hn';
    assert.equal(await run(`--ulimit nofile=100:200 ${both}`), '100\n200\n');
    const own = execFileSync('sh', ['-c', 'ulimit -Hn']).toString().trim();
    const greedy = await plimsoll(`run --rm --network none --ulimit nofile=100:999999999 ${both}`);
    assert.equal(greedy.code, 0, greedy.stderr);
    assert.match(greedy.stderr, /the limit nofile is \d+ and not 999999999/);
    assert.ok(Number(greedy.stdout.split('\n')[1]) >= Number(own) || own === 'unlimited');
    await refused('--ulimit nosuch=1 busybox true', /no limit "nosuch"/);
  });

  await t.test('--sysctl sets what is the container’s own', async () => {
    assert.equal(
      await run('--sysctl net.core.somaxconn=77 busybox cat /proc/sys/net/core/somaxconn'),
      '77\n',
    );
    assert.equal(await run('--sysctl kernel.msgmax=4096 busybox cat /proc/sys/kernel/msgmax'), '4096\n');
    await refused('--sysctl vm.swappiness=1 busybox true', /not the container's own/);
  });

  await t.test('--group-add, --user and --oom-score-adj are those of the process', async () => {
    assert.match(
      await run('--user 1000:7 --group-add 42 --group-add root busybox id -G'),
      /^7 (42 0|0 42)\n$/,
    );
    await refused('--group-add nosuch busybox true', /no group "nosuch"/);
    assert.equal(await run('--oom-score-adj 300 busybox cat /proc/self/oom_score_adj'), '300\n');
    const low = await plimsoll('run --rm --network none --oom-score-adj -900 busybox true');
    assert.equal(low.code, 0, low.stderr);
    await refused('--oom-score-adj 2000 busybox true', /OOM score/);
  });

  await t.test(
    '--privileged and --cap-add ALL work with what the caller has, and say what it lacks',
    async () => {
      const bounding = BigInt(`0x${/CapBnd:\s+(\w+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]}`);
      for (const flag of ['--privileged', '--cap-add ALL']) {
        const result = await plimsoll(
          `run --rm --network none ${flag} busybox grep CapEff /proc/self/status`,
        );
        assert.equal(result.code, 0, result.stderr);
        assert.equal(BigInt(`0x${result.stdout.split('\t')[1]?.trim()}`), bounding);
      }
      const some = await plimsoll(
        'run --rm --network none --cap-drop ALL --cap-add NET_RAW busybox grep CapEff /proc/self/status',
      );
      assert.match(some.stdout, /0000000000002000/);
    },
  );

  await t.test('--security-opt is understood or refused', async () => {
    assert.match(
      await run('--security-opt no-new-privileges busybox grep NoNewPrivs /proc/self/status'),
      /1/,
    );
    assert.match(
      await run('--security-opt seccomp=unconfined busybox grep -w Seccomp: /proc/self/status'),
      /\t0/,
    );
    assert.match(
      await run('--security-opt seccomp=builtin busybox grep -w Seccomp: /proc/self/status'),
      /\t2/,
    );
    assert.equal(await run('--security-opt label=disable busybox true'), '');
    const open = await run(
      '--security-opt systempaths=unconfined busybox grep -c /proc/ /proc/self/mountinfo',
    ).catch(() => '0\n');
    assert.equal(open, '0\n');
    await refused('--security-opt nosuch busybox true', /not supported/);
  });

  await t.test('limits are in the cgroup, and update changes them while it runs', async () => {
    const flags =
      '--memory 64m --memory-swap 96m --memory-reservation 32m --cpus 0.5 --cpu-shares 512 --cpuset-cpus 0 --cpuset-mems 0 --pids-limit 50';
    const id = await ok(`run -d --name limited --network none ${flags} busybox sleep 1000`);
    const MiB = 1024 ** 2;
    const read = (one: string, two: string, controller: string) =>
      v2 ? cgroup('', id, two) : cgroup(controller, id, one);
    assert.equal(read('memory.limit_in_bytes', 'memory.max', 'memory'), String(64 * MiB));
    assert.equal(read('memory.soft_limit_in_bytes', 'memory.low', 'memory'), String(32 * MiB));
    assert.equal(read('cpuset.cpus', 'cpuset.cpus', 'cpuset'), '0');
    assert.equal(read('pids.max', 'pids.max', 'pids'), '50');
    await ok(
      'update --memory 128m --memory-swap 256m --cpus 1 --pids-limit 60 --cpu-shares 100 --restart on-failure:2 limited',
    );
    assert.equal(read('memory.limit_in_bytes', 'memory.max', 'memory'), String(128 * MiB));
    assert.match(read('cpu.cfs_quota_us', 'cpu.max', 'cpu'), /^100000/);
    assert.equal(read('pids.max', 'pids.max', 'pids'), '60');
    await ok('update --cpu-quota 20000 --cpu-period 50000 --pids-limit -1 limited');
    assert.match(read('cpu.cfs_quota_us', 'cpu.max', 'cpu'), /^20000/);
    assert.equal(read('pids.max', 'pids.max', 'pids'), 'max');
    const [{ HostConfig }] = JSON.parse(await ok('inspect limited')) as [
      { HostConfig: { RestartPolicy: object; NanoCpus: number; CpuQuota: number } },
    ];
    assert.deepEqual(HostConfig.RestartPolicy, { Name: 'on-failure', MaximumRetryCount: 2 });
    assert.equal(HostConfig.NanoCpus, 0, 'a quota takes the place of a number of CPUs');
    assert.equal((await plimsoll('update limited')).code, 1);
    assert.equal((await plimsoll('update --memory 1k limited')).code, 1);
    assert.equal((await plimsoll('update --memory-reservation 1g limited')).code, 1);
    await ok('rm -f limited');
  });

  await t.test('block I/O is limited where the kernel can, and else it is said', async () => {
    const disk = readdirSync('/sys/block').find(
      name => existsSync(`/dev/${name}`) && !name.startsWith('zram'),
    );
    if (disk === undefined) return;
    const device = `/dev/${disk}`;
    const flags = `--device-read-bps ${device}:1mb --device-write-iops ${device}:100 --blkio-weight 300 --memory-swappiness 10`;
    const result = await plimsoll(`run -d --name slow --network none ${flags} busybox sleep 1000`);
    assert.equal(result.code, 0, result.stderr);
    if (!v2 && !/reading/.test(result.stderr)) {
      assert.match(cgroup('blkio', result.stdout, 'blkio.throttle.read_bps_device'), / 1048576$/);
    }
    for (const left of result.stderr.split('\n').filter(Boolean)) assert.match(left, /^warning: .*left out/);
    await ok('rm -f slow');
    await refused('--device-read-bps /dev/nosuch:1mb busybox true', /no block device/);
    await refused('--device-read-bps 5 busybox true', /no figure for a device/);
    await refused('--blkio-weight 5 busybox true', /weight/);
  });

  await t.test('--cgroup-parent is where its cgroup is, and stats, top and pause find it', async () => {
    const parent = `plimsoll-test-${root.id}`;
    const id = await ok(`run -d --name placed --network none --cgroup-parent /${parent} busybox sleep 1000`);
    const place = join('/sys/fs/cgroup', v2 ? '' : 'pids', parent);
    assert.ok(existsSync(join(place, id.trim())));
    assert.match(await ok('top placed'), /sleep 1000/);
    await ok('pause placed');
    await ok('unpause placed');
    assert.match(await ok('stats --no-stream placed'), /placed +\d/);
    await ok('stop -t 0 placed');
    const leftover = join(place, id.trim());
    mkdirSync(leftover, { recursive: true }); // as by a process that was killed while it tidied up
    const check = await plimsoll('system check');
    assert.equal(check.code, 1);
    assert.ok(check.stdout.includes(leftover), check.stdout);
    await ok('system check --repair');
    assert.ok(!existsSync(leftover));
    mkdirSync(leftover);
    await ok('start placed');
    await ok('rm -f placed');
    assert.ok(!existsSync(leftover));
    for (const name of v2 ? [''] : readdirSync('/sys/fs/cgroup')) {
      const left = join('/sys/fs/cgroup', name, parent);
      if (existsSync(left)) rmdirSync(left);
    }
    await refused('--cgroup-parent ../x busybox true', /is no cgroup/);
  });

  await t.test('-a connects only some streams', async () => {
    const both = 'busybox sh -c echo~out;echo~err>&2';
    assert.deepEqual(await plimsoll(`run --rm --network none -a stderr ${both}`), {
      code: 0,
      stdout: '',
      stderr: 'err\n',
    });
    assert.deepEqual(await plimsoll(`run --rm --network none -a STDOUT ${both}`), {
      code: 0,
      stdout: 'out\n',
      stderr: '',
    });
    await refused('-a nosuch busybox true', /no stream "nosuch"/);
    await refused('-d -a stdout busybox true', /exclude one another/);
  });

  await t.test('--annotation, --expose and --stop-signal are kept', async () => {
    await ok(
      'create --name kept --annotation a=b --expose 80 --expose 53/udp --stop-signal USR1 --stop-timeout 3 busybox',
    );
    const [kept] = JSON.parse(await ok('inspect kept')) as [
      {
        Config: { ExposedPorts: object; StopSignal: string; StopTimeout: number };
        HostConfig: { Annotations: object };
      },
    ];
    assert.deepEqual(kept.Config.ExposedPorts, { '80/tcp': {}, '53/udp': {} });
    assert.deepEqual(kept.HostConfig.Annotations, { a: 'b' });
    assert.deepEqual([kept.Config.StopSignal, kept.Config.StopTimeout], ['USR1', 3]);
    await refused('--stop-signal NOSUCH busybox true', /is no signal/);
    await ok('rm kept');
  });

  await t.test('what is not supported is refused by name, never ignored', async () => {
    for (const flag of [
      '--storage-opt size=1g',
      '--volume-driver nfs',
      '--isolation hyperv',
      '--use-api-socket',
    ]) {
      const [name = ''] = flag.split(' ');
      await refused(`${flag} busybox true`, new RegExp(`"${name}" cannot be`));
    }
    await refused('--runtime kata busybox true', /this engine runs containers by (crun|runc)/);
    const unknown = await plimsoll('run --nosuch busybox');
    assert.match(unknown.stderr, /unknown option '--nosuch'/);
  });

  await t.test('nothing is left', async () => {
    assert.equal(await ok('ps -aq'), '');
    assert.deepEqual(await plimsoll('system check'), {
      code: 0,
      stdout: 'the root is consistent\n',
      stderr: '',
    });
  });
});

function initIsThere(): boolean {
  try {
    findInit();
    return true;
  } catch {
    return false;
  }
}
