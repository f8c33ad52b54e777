import type { FastifyInstance } from 'fastify';
import { PlimsollError } from '../../errors.ts';
import { notServed } from '../../wire/index.ts';

/** What docker serves as a node of a swarm, or with plugins: answers of a daemon that has neither. */
export function routesWithoutSwarm(app: FastifyInstance): void {
  const noManager = async () => {
    throw new PlimsollError(
      'unavailable',
      'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again',
      { code: 'NO_SWARM' },
    );
  };
  const method = ['GET' as const, 'POST' as const, 'DELETE' as const];
  for (const name of ['nodes', 'services', 'tasks', 'secrets', 'configs', 'swarm']) {
    app.route({ method, url: `/${name}`, handler: noManager });
    app.route({ method, url: `/${name}/*`, handler: noManager });
  }
  app.get('/plugins', async () => []);
  const noPlugins = async () => {
    throw notServed('there are no plugins', 'volumes and networks have the drivers local and bridge');
  };
  app.get('/plugins/privileges', noPlugins);
  for (const verb of ['pull', 'create']) app.post(`/plugins/${verb}`, noPlugins);
  app.route({
    method,
    url: '/plugins/*',
    handler: async request => {
      const name = decodeURIComponent(request.url.split(/[/?]/)[2] ?? '');
      throw new PlimsollError('not-found', `plugin "${name}" not found`, { code: 'PLUGIN_NOT_FOUND' });
    },
  });
}
