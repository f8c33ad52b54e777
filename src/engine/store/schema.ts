/**
 * Every table of the metadata database, in one place. A migration is only ever appended; its index + 1 is the
 * schema version (`PRAGMA user_version`). Times are milliseconds since the epoch, sizes are bytes, JSON columns
 * hold the types named beside them.
 */
export const migrations: readonly string[] = [
  `
  -- Content-addressed files under blobs/: image configs and manifests.
  CREATE TABLE blobs (
    digest TEXT PRIMARY KEY, media_type TEXT NOT NULL, size INTEGER NOT NULL, created INTEGER NOT NULL
  ) STRICT;

  -- Unpacked layers under layers/<dir>, uncompressed, keyed by diffID; dir is its first 12 hex digits (more if
  -- another layer has these). size: bytes of its files; tar_size: bytes of its canonical tar.
  CREATE TABLE layers (
    diff_id TEXT PRIMARY KEY, dir TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, tar_size INTEGER NOT NULL,
    created INTEGER NOT NULL
  ) STRICT;

  -- id is the digest of the config blob, as docker's image id; layers is a JSON list of diffIDs, base first.
  CREATE TABLE images (
    id TEXT PRIMARY KEY, manifest TEXT NOT NULL, layers TEXT NOT NULL, size INTEGER NOT NULL,
    created INTEGER NOT NULL, stored INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE tags (
    reference TEXT PRIMARY KEY, image TEXT NOT NULL REFERENCES images (id), updated INTEGER NOT NULL
  ) STRICT;

  -- spec: ContainerSpec; state: ContainerState and what only the engine needs; status repeats state.status for
  -- queries; resolved: what the spec came to be with its image.
  CREATE TABLE containers (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, image TEXT NOT NULL REFERENCES images (id),
    image_name TEXT NOT NULL, created INTEGER NOT NULL, status TEXT NOT NULL, spec TEXT NOT NULL, state TEXT NOT NULL,
    resolved TEXT NOT NULL
  ) STRICT;

  CREATE TABLE networks (
    name TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, driver TEXT NOT NULL, bridge TEXT UNIQUE, subnet TEXT UNIQUE,
    gateway TEXT, created INTEGER NOT NULL, options TEXT NOT NULL
  ) STRICT;
  CREATE TABLE addresses (
    network TEXT NOT NULL REFERENCES networks (name), address TEXT NOT NULL, container TEXT NOT NULL,
    mac TEXT NOT NULL, PRIMARY KEY (network, address)
  ) STRICT;
  CREATE TABLE ports (
    protocol TEXT NOT NULL, host_address TEXT NOT NULL, host_port INTEGER NOT NULL, container TEXT NOT NULL,
    container_port INTEGER NOT NULL, PRIMARY KEY (protocol, host_address, host_port)
  ) STRICT;

  CREATE TABLE volumes (
    name TEXT PRIMARY KEY, anonymous INTEGER NOT NULL, labels TEXT NOT NULL, created INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE volume_uses (
    volume TEXT NOT NULL REFERENCES volumes (name), container TEXT NOT NULL, PRIMARY KEY (volume, container)
  ) STRICT;

  CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, time_nano TEXT NOT NULL, type TEXT NOT NULL, action TEXT NOT NULL,
    actor TEXT NOT NULL, attributes TEXT NOT NULL
  ) STRICT;

  -- record: BuildRecord; the progress journal is builds/<id>.jsonl.
  CREATE TABLE builds (
    id TEXT PRIMARY KEY, started INTEGER NOT NULL, state TEXT NOT NULL, record TEXT NOT NULL
  ) STRICT;
  -- key: digest over everything that decides the result; inputs: JSON facts from which a miss is explained.
  CREATE TABLE build_cache (
    key TEXT PRIMARY KEY, step TEXT NOT NULL, diff_id TEXT, inputs TEXT NOT NULL, size INTEGER NOT NULL,
    created INTEGER NOT NULL, last_used INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX build_cache_step ON build_cache (step, last_used);

  -- Content in flight: what kind/target is not to be freed while the owner process lives.
  CREATE TABLE leases (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, target TEXT NOT NULL, pid INTEGER NOT NULL, start_time INTEGER NOT NULL,
    boot_id TEXT NOT NULL, created INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX leases_target ON leases (kind, target);
  `,
  `
  -- Folders that RUN --mount=type=cache keeps, mounts/<dir>. key: digest over the id and what it began with; variant
  -- counts those in use at the same time with sharing=private; name: the id.
  CREATE TABLE build_mounts (
    key TEXT NOT NULL, variant INTEGER NOT NULL, name TEXT NOT NULL, dir TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL, last_used INTEGER NOT NULL, PRIMARY KEY (key, variant)
  ) STRICT;
  `,
  `
  -- A container may be on several networks: eth0 is the one that it was started on.
  ALTER TABLE addresses ADD COLUMN interface TEXT NOT NULL DEFAULT 'eth0';
  CREATE UNIQUE INDEX addresses_interface ON addresses (container, interface);
  CREATE UNIQUE INDEX addresses_endpoint ON addresses (container, network);
  `,
  `
  -- recipe: 1 if the layer's tar came from elsewhere, and recipes/<dir> says how to put it together again; else its tar
  -- is the canonical one.
  ALTER TABLE layers ADD COLUMN recipe INTEGER NOT NULL DEFAULT 0;

  -- Compressed tars of layers, as registries have them. kept: 1 if blobs/ has the bytes, as they came; else only their
  -- digest is known, from a push.
  CREATE TABLE layer_blobs (
    digest TEXT PRIMARY KEY, diff_id TEXT NOT NULL, media_type TEXT NOT NULL, size INTEGER NOT NULL, kept INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX layer_blobs_layer ON layer_blobs (diff_id);
  -- Repositories (docker.io/library/busybox) that are known to have a blob.
  CREATE TABLE blob_sources (
    digest TEXT NOT NULL, repository TEXT NOT NULL, PRIMARY KEY (digest, repository)
  ) STRICT;
  -- Downloads, whole or not, that no layer is made of yet: downloads/<hex>. size: bytes when it is whole.
  CREATE TABLE downloads (
    digest TEXT PRIMARY KEY, size INTEGER NOT NULL, repository TEXT NOT NULL, updated INTEGER NOT NULL
  ) STRICT;
  -- Manifests and indexes of images as repositories have them. Their bytes are in blobs/.
  CREATE TABLE image_digests (
    repository TEXT NOT NULL, digest TEXT NOT NULL, image TEXT NOT NULL REFERENCES images (id),
    media_type TEXT NOT NULL, updated INTEGER NOT NULL, PRIMARY KEY (repository, digest, image)
  ) STRICT;
  CREATE INDEX image_digests_image ON image_digests (image);
  `,
  `
  -- A container's address of IPv6, where its network has that.
  ALTER TABLE addresses ADD COLUMN address6 TEXT;
  CREATE UNIQUE INDEX addresses_address6 ON addresses (network, address6);
  `,
  `
  -- Options of docker's driver local, as JSON: what is mounted for the volume.
  ALTER TABLE volumes ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
  `,
  `
  -- record: WorkingContainer; its changes are in works/<id>/upper.
  CREATE TABLE works (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created INTEGER NOT NULL, record TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- What is attested of images: in-toto predicates, in blobs/.
  CREATE TABLE attestations (
    image TEXT NOT NULL, predicate_type TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (image, predicate_type)
  ) STRICT;
  -- Indexes in the making, for several platforms. document: ManifestList.
  CREATE TABLE manifest_lists (name TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT;
  `,
  `
  -- Further commands in containers that do not end with who started them. spec: ExecSpec; status: created, running,
  -- ended; ended: when, if it has.
  CREATE TABLE execs (
    id TEXT PRIMARY KEY, container TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE, created INTEGER NOT NULL,
    status TEXT NOT NULL, spec TEXT NOT NULL, pid INTEGER, exit_code INTEGER, ended INTEGER
  ) STRICT;
  CREATE INDEX execs_container ON execs (container);
  `,
  `
  -- What a layer takes on the disk, its recipe with it, once it has been measured: it never changes.
  ALTER TABLE layers ADD COLUMN disk_bytes INTEGER;
  CREATE INDEX build_cache_layer ON build_cache (diff_id);
  -- What the folder of a cache mount took on the disk when it was last measured, and when that was.
  ALTER TABLE build_mounts ADD COLUMN disk_bytes INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE build_mounts ADD COLUMN measured INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- A container's address is of IPv4, of IPv6, or one of each, as its network has them. In the order they were given.
  CREATE TABLE addresses_of_any_kind (
    network TEXT NOT NULL REFERENCES networks (name), address TEXT, container TEXT NOT NULL, mac TEXT NOT NULL,
    interface TEXT NOT NULL, address6 TEXT, CHECK (coalesce(address, address6) IS NOT NULL)
  ) STRICT;
  INSERT INTO addresses_of_any_kind
    SELECT network, address, container, mac, interface, address6 FROM addresses ORDER BY rowid;
  DROP TABLE addresses;
  ALTER TABLE addresses_of_any_kind RENAME TO addresses;
  CREATE UNIQUE INDEX addresses_address ON addresses (network, address);
  CREATE UNIQUE INDEX addresses_address6 ON addresses (network, address6);
  CREATE UNIQUE INDEX addresses_interface ON addresses (container, interface);
  CREATE UNIQUE INDEX addresses_endpoint ON addresses (container, network);
  `,
];
