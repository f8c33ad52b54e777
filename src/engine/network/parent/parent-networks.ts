import type { Database, Row } from '../../store/index.ts';
import type { ParentDriver, ParentMode } from './parent-mode.ts';

/**
 * A network whose containers sit directly on a link of the host (`parent`), each with an address of that link's own
 * network: macvlan with a hardware address each, ipvlan with that of the parent.
 */
export interface ParentNetwork {
  readonly id: string;
  readonly name: string;
  readonly driver: ParentDriver;
  /** A link of the host, or `link.ID` for one of a VLAN, made when it is needed. */
  readonly parent: string;
  readonly mode: ParentMode;
  /** Of IPv4, IPv6 or both, as the network has them. */
  readonly subnet?: string;
  /** The router of the parent's network: no address of the host. */
  readonly gateway?: string;
  readonly subnet6?: string;
  readonly gateway6?: string;
  readonly range?: string;
  readonly created: number;
  /** No way out by a gateway. */
  readonly internal: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** All of a root. */
export function parentNetworks(db: Database): ParentNetwork[] {
  const rows = db.all("SELECT * FROM networks WHERE driver IN ('macvlan', 'ipvlan') ORDER BY created, name");
  return rows.map(toParentNetwork);
}

/** One by name. */
export function findParentNetwork(db: Database, name: string): ParentNetwork | undefined {
  return parentNetworks(db).find(network => network.name === name);
}

function toParentNetwork(row: Row): ParentNetwork {
  const options = JSON.parse(String(row.options)) as Pick<
    ParentNetwork,
    'parent' | 'mode' | 'internal' | 'labels' | 'subnet6' | 'gateway6' | 'range'
  >;
  return {
    id: String(row.id),
    name: String(row.name),
    driver: row.driver === 'ipvlan' ? 'ipvlan' : 'macvlan',
    ...(row.subnet === null ? {} : { subnet: String(row.subnet), gateway: String(row.gateway) }),
    created: Number(row.created),
    ...options,
  };
}
