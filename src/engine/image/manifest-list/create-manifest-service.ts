import { PlimsollError } from '../../../errors.ts';
import { formatPlatform, type Platform, parseReference, withDefaultTag } from '../../../oci/index.ts';
import { type ImageServiceOptions, openImages } from '../context.ts';
import { createListRecords, findMember, fullName } from './list-records.ts';
import type { ManifestMember, ManifestService } from './types.ts';

/** The indexes of a root. */
export function createManifestService(options: ImageServiceOptions): ManifestService {
  const context = openImages(options);
  const records = createListRecords(options.db);
  return {
    list: records.all,
    get: records.get,
    remove: records.remove,
    create: (name, { replace = false } = {}) => {
      if (replace || !records.has(name)) return records.save({ name: fullName(name), members: [] });
      throw new PlimsollError('conflict', `there is a manifest list "${name}" already`, {
        code: 'MANIFEST_EXISTS',
        hint: `change it with 'plimsoll manifest add ${name} IMAGE', or begin anew with --amend`,
      });
    },
    add: async (name, request) => {
      records.get(name);
      const { findMembers } = await import('./add-member.ts');
      const added = await findMembers(context, request);
      return records.change(name, list => ({ ...list, members: joined(list.members, added) }));
    },
    annotate: (name, { member: wanted, platform = {}, annotations = {} }) =>
      records.change(name, list => {
        if (wanted === undefined) return { ...list, annotations: { ...list.annotations, ...annotations } };
        const found = findMember(list, wanted);
        const changed: ManifestMember = {
          ...found,
          platform: { ...found.platform, ...platform } as Platform,
          ...(Object.keys(annotations).length === 0
            ? {}
            : { annotations: { ...found.annotations, ...annotations } }),
        };
        return { ...list, members: list.members.map(one => (one === found ? changed : one)) };
      }),
    drop: (name, member) =>
      records.change(name, list => {
        const found = findMember(list, member);
        return { ...list, members: list.members.filter(one => one !== found) };
      }),
    push: async (name, request = {}) => {
      const { pushList } = await import('./push-list.ts');
      return await pushList(context, records.get(name), request);
    },
    fetch: async (name, access = {}) => {
      using client = await context.registries.client(access);
      const { signal } = access;
      const { mediaType, digest, bytes } = await client.manifest(withDefaultTag(parseReference(name)), {
        signal,
      });
      return { mediaType, digest, document: JSON.parse(bytes.toString('utf8')) as unknown };
    },
  };
}

/** An image takes the place of one for the same platform; attestations are for none, and stay beside one another. */
function joined(before: readonly ManifestMember[], added: readonly ManifestMember[]): ManifestMember[] {
  const platforms = new Set(added.map(({ platform }) => formatPlatform(platform)));
  const kept = before.filter(
    ({ platform }) => platform.os === 'unknown' || !platforms.has(formatPlatform(platform)),
  );
  return [...kept, ...added];
}
