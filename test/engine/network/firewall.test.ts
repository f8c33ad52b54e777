import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endsInDrop, forwardChains, letsThrough } from '../../../src/engine/network/firewall/read-chains.ts';

test('forwardChains() reads what nft lists of the forward hook, whoever made it', () => {
  const listing = [
    'table ip filter {',
    '\tchain INPUT {',
    '\t\ttype filter hook input priority filter; policy drop;',
    '\t}',
    '\tchain FORWARD {',
    '\t\ttype filter hook forward priority filter; policy drop;',
    '\t}',
    '\tchain ufw-before-forward {',
    '\t}',
    '}',
    'table inet firewalld {',
    '\tchain filter_FORWARD {',
    '\t\ttype filter hook forward priority filter + 10; policy accept;',
    '\t}',
    '}',
    'table bridge filter {',
    '\tchain FORWARD {',
    '\t\ttype filter hook forward priority filter; policy drop;',
    '\t}',
    '}',
  ].join('\n');
  assert.deepEqual(forwardChains(listing), [
    { family: 'ip', table: 'filter', name: 'FORWARD', isDropping: true },
    { family: 'inet', table: 'firewalld', name: 'filter_FORWARD', isDropping: false },
  ]);
});

test('endsInDrop() tells a last word from a rule about some of it', () => {
  const chain = (...rules: string[]) =>
    ['table inet t {', '\tchain f {', '\t\ttype filter hook forward priority 0; policy accept;']
      .concat(
        rules.map(rule => `\t\t${rule}`),
        '\t}',
        '}',
      )
      .join('\n');
  assert.equal(endsInDrop(chain('ct state established accept', 'drop')), true);
  assert.equal(endsInDrop(chain('counter packets 7 bytes 420 drop')), true);
  assert.equal(endsInDrop(chain('reject with icmpx admin-prohibited')), true);
  assert.equal(endsInDrop(chain('drop', 'accept')), false);
  assert.equal(endsInDrop(chain('iifname "eth1" drop')), false);
  assert.equal(endsInDrop(chain()), false);
});

test('letsThrough() knows our bridges by name or wildcard, and whoever accepts what is published', () => {
  const lets = (rule: string) => letsThrough(rule, 'plb1a2b3c4d');
  assert.equal(lets('\t\toifname "plb1a2b3c4d" counter packets 0 bytes 0 accept'), true);
  assert.equal(lets('\t\tiifname "plb*" accept'), true);
  assert.equal(lets('-A FORWARD -o plb+ -j ACCEPT'), true);
  assert.equal(lets('\t\tct status dnat accept'), true);
  assert.equal(lets('-A FORWARD -m conntrack --ctstate DNAT -j ACCEPT'), true);
  assert.equal(lets('\t\toifname "plb5e6f7a8b" accept'), false);
  assert.equal(lets('\t\toifname "docker0" accept'), false);
});
