import type { Member } from './layer-root.ts';

/** Archives that no tool may unpack as they stand, by what they try. */
export const evilArchives: Readonly<Record<string, readonly Member[]>> = {
  'a name with ..': [{ name: '../plimsoll-escaped', content: 'x' }],
  'a name with .. inside': [{ name: 'a/../../plimsoll-escaped', content: 'x' }],
  'an absolute name': [{ name: '/plimsoll-escaped', content: 'x' }],
  'a hard link to a file of the host': [{ name: 'l', type: 'link', linkName: '/etc/passwd' }],
  'a hard link that climbs out': [{ name: 'l', type: 'link', linkName: '../../../../etc/passwd' }],
  'a hard link to nothing': [{ name: 'l', type: 'link', linkName: 'later' }],
  'a hard link to itself': [
    { name: 'l', content: 'x' },
    { name: 'l', type: 'link', linkName: 'l' },
  ],
  'a deletion of ..': [{ name: 'a/.wh...' }],
  'a deletion of nothing': [{ name: '.wh.' }],
  'a device of a number that Linux does not have': [{ name: 'dev', type: 'character', major: 4096 }],
  'a name through folders without end': [
    { name: 'there-and-back', type: 'symlink', linkName: 'd/'.repeat(800) + '../'.repeat(800) },
    { name: 'far', type: 'symlink', linkName: 'there-and-back/'.repeat(3) },
    { name: 'far/file', content: 'x' },
  ],
  'a loop of links': [
    { name: 'a', type: 'symlink', linkName: 'b' },
    { name: 'b', type: 'symlink', linkName: 'a' },
    { name: 'a/f', content: 'x' },
  ],
  'a file used as a folder': [
    { name: 'a', content: 'x' },
    { name: 'a/b', content: 'x' },
  ],
  'a link with a zero byte': [{ name: 'l', type: 'symlink', linkName: `${'l'.repeat(120)}\0x` }],
  'an attribute with a zero byte': [{ name: 'a', xattrs: [{ name: 'user.a\0b', value: Buffer.from('x') }] }],
  'an impossible owner': [{ name: 'a', uid: -1 }],
  'a name that is too long': [{ name: 'n'.repeat(300) }],
};
