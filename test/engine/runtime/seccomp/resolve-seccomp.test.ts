import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultProfile } from '../../../../src/engine/runtime/seccomp/default-profile.ts';
import { parseSeccompProfile } from '../../../../src/engine/runtime/seccomp/parse-profile.ts';
import { resolveSeccomp } from '../../../../src/engine/runtime/seccomp/resolve-seccomp.ts';
import { allCapabilities, defaultCapabilities } from '../../../../src/engine/runtime/spec/capabilities.ts';

const target = { arch: 'amd64', caps: defaultCapabilities, kernel: [6, 1] } as const;
const allowed = (resolved: ReturnType<typeof resolveSeccomp>) =>
  new Set(
    resolved.syscalls
      .filter(rule => rule.action === 'SCMP_ACT_ALLOW' && !rule.args)
      .flatMap(rule => rule.names),
  );

test('resolveSeccomp() denies by default what reaches the host', () => {
  const resolved = resolveSeccomp(defaultProfile, target);
  assert.equal(resolved.defaultAction, 'SCMP_ACT_ERRNO');
  assert.deepEqual(resolved.architectures, ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32']);
  const names = allowed(resolved);
  for (const name of 'mount unshare setns bpf keyctl add_key request_key kexec_load init_module reboot io_uring_setup userfaultfd open_by_handle_at clone swapon'.split(
    ' ',
  )) {
    assert.ok(!names.has(name), name);
  }
  for (const name of ['read', 'execve', 'chroot', 'ptrace', 'arch_prctl']) assert.ok(names.has(name), name);
});

test('resolveSeccomp() follows capabilities, processor and kernel', () => {
  const admin = allowed(resolveSeccomp(defaultProfile, { ...target, caps: ['CAP_SYS_ADMIN'] }));
  assert.ok(admin.has('mount') && admin.has('clone') && admin.has('clone3') && !admin.has('chroot'));
  assert.ok(!allowed(resolveSeccomp(defaultProfile, { ...target, kernel: [4, 7] })).has('ptrace'));
  const arm = allowed(resolveSeccomp(defaultProfile, { ...target, arch: 'arm64' }));
  assert.ok(arm.has('breakpoint') && !arm.has('arch_prctl'));
});

test('resolveSeccomp() never allows less for a further capability', () => {
  fc.assert(
    fc.property(fc.subarray([...allCapabilities]), fc.constantFrom(...allCapabilities), (caps, more) => {
      const before = allowed(resolveSeccomp(defaultProfile, { ...target, caps }));
      const after = allowed(resolveSeccomp(defaultProfile, { ...target, caps: [...caps, more] }));
      for (const name of before) assert.ok(after.has(name), name);
    }),
  );
});

test("parseSeccompProfile() reads Docker's form, and says what is wrong with another", () => {
  const json = JSON.stringify({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [
      {
        names: ['clone'],
        action: 'SCMP_ACT_ERRNO',
        args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }],
        includes: { minKernel: '5.4', caps: ['CAP_KILL'] },
      },
    ],
  });
  const [rule] = parseSeccompProfile(json, 'p').rules;
  assert.deepEqual(rule?.includes, { caps: ['CAP_KILL'], minKernel: [5, 4] });
  assert.deepEqual(rule?.arguments, [{ index: 0, is: 'equal', value: 1 }]);
  for (const wrong of [
    '',
    '[]',
    '{}',
    '{"defaultAction":"x","syscalls":{}}',
    '{"defaultAction":"x","syscalls":[{"names":[1]}]}',
  ]) {
    assert.throws(() => parseSeccompProfile(wrong, 'p'), { code: 'SECCOMP_PROFILE_INVALID' });
  }
});
