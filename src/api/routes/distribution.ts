import type { FastifyInstance } from 'fastify';
import type { Engine } from '../../engine/index.ts';
import { distributionJson } from '../../wire/index.ts';
import type { NamedParams } from '../container-name.ts';
import { registryAccount } from '../registry-account.ts';

/** What a registry has, without fetching it. */
export function distributionRoutes(app: FastifyInstance, { registries }: Pick<Engine, 'registries'>): void {
  app.get<NamedParams>('/distribution/:name/json', async request =>
    distributionJson(
      await registries.inspect(request.params.name, registryAccount(request.headers['x-registry-auth'])),
    ),
  );
}
