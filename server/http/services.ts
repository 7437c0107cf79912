/** What the routes and the feed are given: the rooms below, by name. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DatasetId } from '../../shared/config.ts';
import type { DatasetShape } from '../../shared/presets.ts';
import type { DatasetInfo, EngineReport } from '../../shared/protocol.ts';
import type { Analyst } from '../runs/analyst.ts';
import type { RunStore } from '../runs/store.ts';
import type { Supervisor } from '../runs/supervisor.ts';

export interface Services {
  store: RunStore;
  supervisor: Supervisor;
  analyst: Analyst;
  ladder: {
    readonly report: EngineReport;
    subscribe(listener: (report: EngineReport) => void): () => void;
  };
  datasets: {
    describe(): Promise<DatasetInfo[]>;
    /** Throws INVALID_DATA where the data set can't be had. */
    shape(id: DatasetId): Promise<DatasetShape>;
  };
}

/** Fastify whose handlers take their types from the routes' schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;
