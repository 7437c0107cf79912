/** Runs: list, start, look at, command, delete. */
import { Type } from 'typebox';
import { resolveRun } from '../../../shared/presets.ts';
import { RunDetail, RunRequest, RunSummary } from '../../../shared/protocol.ts';
import { check } from '../../runs/check.ts';
import type { Uploads } from '../../runs/uploads.ts';
import { NoQuery, replies, RunParams } from '../replies.ts';
import type { App, Services } from '../services.ts';

export function runRoutes(app: App, { supervisor, datasets }: Services, uploads: Uploads): void {
  const one = { params: RunParams, querystring: NoQuery };

  app.get(
    '/api/runs',
    {
      schema: {
        summary: 'All runs, newest first',
        querystring: NoQuery,
        response: replies(Type.Array(RunSummary)),
      },
    },
    () => supervisor.list(),
  );

  app.post(
    '/api/runs',
    {
      schema: {
        summary: 'Start a run; what is left out takes its default',
        querystring: NoQuery,
        body: RunRequest,
        response: { ...replies(RunDetail), 201: RunDetail },
      },
    },
    async (request, reply) => {
      const { weights: id, preset, network } = request.body;
      const weights = id === undefined ? null : uploads.get(id);
      const wanted =
        weights && preset === undefined
          ? check(RunRequest, { ...request.body, network: { ...weights.network, ...network } })
          : request.body;
      const config = resolveRun(wanted, await datasets.shape(wanted.data.dataset));
      return reply.status(201).send(await supervisor.start(config, weights?.path));
    },
  );

  app.get(
    '/api/runs/:id',
    { schema: { summary: 'A run with its configuration', ...one, response: replies(RunDetail) } },
    (request) => supervisor.detail(request.params.id),
  );

  app.delete(
    '/api/runs/:id',
    {
      schema: {
        summary: 'Delete a run that has ended, with all its files',
        ...one,
        response: { ...replies(Type.Null()), 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await supervisor.delete(request.params.id);
      return reply.status(204).send(null);
    },
  );

  const commands = {
    pause: 'Pause a running run at the next step',
    resume: 'Go on after a pause, or from the last checkpoint of a stopped or failed run',
    stop: 'Stop a run at the next step',
  } as const;
  for (const [command, summary] of Object.entries(commands) as [keyof typeof commands, string][])
    app.post(
      `/api/runs/:id/${command}`,
      { schema: { summary, ...one, response: replies(RunSummary) } },
      (request) => supervisor[command](request.params.id),
    );
}
