/** Named networks to start from. */
import { Type } from 'typebox';
import { NetworkConfig } from '../../../shared/config.ts';
import { PRESETS } from '../../../shared/presets.ts';
import { NoQuery, replies } from '../replies.ts';
import type { App } from '../services.ts';

const Preset = Type.Object({
  id: Type.String(),
  title: Type.String(),
  description: Type.String(),
  network: Type.Omit(NetworkConfig, ['inputSize', 'inputChannels', 'classes']),
});

export function presetRoutes(app: App): void {
  app.get(
    '/api/presets',
    {
      schema: {
        summary: 'Networks to start from',
        querystring: NoQuery,
        response: replies(Type.Array(Preset)),
      },
    },
    () => [...PRESETS],
  );
}
