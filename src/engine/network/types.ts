export interface Network {
  readonly id: string;
  readonly name: string;
  readonly driver: 'bridge' | 'macvlan' | 'ipvlan' | 'host' | 'none';
  readonly bridge?: string;
  /** CIDR of IPv4; every container gets an address of each kind that its network has. */
  readonly subnet?: string;
  readonly gateway?: string;
  /** CIDR of IPv6. */
  readonly subnet6?: string;
  readonly gateway6?: string;
  /** The part of the subnet that addresses are given from; default all of it. */
  readonly range?: string;
  /** Docker's options of the driver: parent and mode. */
  readonly options?: Readonly<Record<string, string>>;
  readonly created: number;
  /** Nothing enters or leaves it, but the host itself. */
  readonly internal: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** By container id. */
  readonly containers: Readonly<Record<string, NetworkMember>>;
}

/** A running container's place in a network; addresses without prefix length, of each kind that the network has. */
export interface NetworkMember {
  readonly address?: string;
  readonly address6?: string;
  readonly mac: string;
}

/** A port of the host that leads to one of a container. */
export interface PublishedPort {
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  /**
   * `0.0.0.0`: every IPv4 address of the host, `::`: every IPv6 one but ::1 (which the kernel leads nowhere). Empty:
   * every address of the kinds that the network has; an endpoint names them one by one.
   */
  readonly hostAddress: string;
  /** 0: a free one is chosen at start. */
  readonly hostPort: number;
  /** The first free one from `hostPort` to this is chosen at start. */
  readonly lastHostPort?: number;
  readonly containerPort: number;
}

export interface Endpoint {
  readonly network: string;
  /** With prefix length: `10.89.0.5/24`, if the network has IPv4. */
  readonly address?: string;
  readonly gateway?: string;
  /** With prefix length, if the network has IPv6. */
  readonly address6?: string;
  readonly gateway6?: string;
  readonly mac: string;
  /** Path of the network namespace. */
  readonly namespace: string;
  /** With host ports chosen where 0 was asked. */
  readonly ports: readonly PublishedPort[];
  /** What /etc/resolv.conf of the container should name. */
  readonly nameservers: readonly string[];
  /** What may not work as asked for: ports that the host's firewall closes, no way out. */
  readonly warnings: readonly string[];
}

export interface ConnectRequest {
  readonly container: string;
  /** Names that resolve to it on this network. */
  readonly names: readonly string[];
  readonly network: string;
  readonly ports: readonly PublishedPort[];
  /** Without prefix length, of a network that has IPv4; default the next free one. */
  readonly address?: string;
  /** IPv6, of a network that has it; default the next free one. */
  readonly address6?: string;
  /** Default: one that follows from the address. */
  readonly mac?: string;
}

/** A network to make. */
export interface NetworkRequest {
  readonly name: string;
  /** Default `bridge`. */
  readonly driver?: 'bridge' | 'macvlan' | 'ipvlan';
  /** Docker's, of macvlan and ipvlan: `parent` (a link of the host, or `link.ID` for a VLAN), `macvlan_mode`, ... */
  readonly options?: Readonly<Record<string, string>>;
  /** Addresses of IPv4; default true. Without, `ipv6` or a `subnet6` must be there. */
  readonly ipv4?: boolean;
  /** CIDR; default one that nobody on this host uses. */
  readonly subnet?: string;
  /** Default: the first address of the subnet. */
  readonly gateway?: string;
  /** CIDR: the part of the subnet that addresses are given from. */
  readonly range?: string;
  /** Addresses of IPv6 too; so does a `subnet6`. */
  readonly ipv6?: boolean;
  /** CIDR; default unique local addresses of the root's own. */
  readonly subnet6?: string;
  /** Default: the first address of `subnet6`. */
  readonly gateway6?: string;
  readonly internal?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A difference between the kernel's networking and the database, which `repair` would mend. */
export interface NetworkProblem {
  /** The namespace, container, bridge, table or process it is about. */
  readonly subject: string;
  readonly problem: string;
}

/** Networks of a root, and the endpoints of containers (or build steps) in them. */
export interface NetworkService {
  list(): Network[];
  inspect(name: string): Network;
  /** Name of the namespace that `connect` will use, known before it exists, so that a spec can name it. */
  namespacePath(container: string): string;
  /** Records a network. Throws `conflict` (`NETWORK_EXISTS`, `SUBNET_IN_USE`), `invalid-argument`. */
  create(request: NetworkRequest): Network;
  /** Throws `not-found`, `conflict` (`NETWORK_IN_USE`), `invalid-argument` for a built-in one. */
  remove(name: string): Promise<void>;
  /**
   * Makes the container's namespace, its address, link, ports and names; for a container that is on another network
   * already a further link. Anew if it is on this one. If it throws (`PORT_IN_USE` names the owner), nothing of it is
   * left. The first network is the way to the world.
   */
  connect(request: ConnectRequest): Promise<Endpoint>;
  /** Takes all of it away again, or the link to one network; never throws for what is gone already. */
  disconnect(container: string, network?: string): Promise<void>;
  /**
   * Brings kernel state (bridges, rules, names) back in line with the database, after a crash or a reboot. Whatever
   * is not in `live` loses its endpoint: name also those that another process is just starting. A function is asked
   * after the records were read, so that one that starts meanwhile is not missed.
   */
  repair(live: ReadonlySet<string> | (() => ReadonlySet<string>)): Promise<void>;
  /** Takes bridges, table and name server away if no container is on any network. They come back with the next. */
  lowerIfUnused(): Promise<void>;
  /** Sees that bridges of no use will go, also if the process is dead that should have seen to it. Costs next to nothing. */
  tidy(): Promise<void>;
  /** What `repair(live)` would find to do. Changes nothing. */
  leftovers(live: ReadonlySet<string>): Promise<NetworkProblem[]>;
}
