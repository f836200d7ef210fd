import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { startOpenTelemetry } from '../../src/observe/opentelemetry.ts';
import { createTestClock } from '../support/clock.ts';
import { json } from '../support/scripted-answers.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const start = useApps();

const spanExporter = new InMemorySpanExporter();
const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spanExporter)] });
const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({
  exporter: metricExporter,
  exportIntervalMillis: 3_600_000,
});
const meterProvider = new MeterProvider({ readers: [reader] });
const application = tracerProvider.getTracer('the application');
let stop: () => void;

beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
beforeEach(() => {
  spanExporter.reset();
  stop = startOpenTelemetry({ tracerProvider, meterProvider });
});
afterEach(() => stop());
afterAll(async () => {
  context.disable();
  await meterProvider.shutdown();
});

/** Each request has a span of its own, as an instrumentation of HTTP makes it. */
const startApp = () =>
  start({
    op,
    redis: redis.url,
    now: clock.now,
    before: (server) =>
      server.use((req, res, next) => {
        const span = application.startSpan(`${req.method} ${req.path}`, { kind: SpanKind.SERVER });
        res.on('finish', () => span.end());
        context.with(trace.setSpan(context.active(), span), next);
      }),
    handlers: addTokenRoutes,
    mapUser: async (claims) => {
      application.startSpan('a look into the database').end();
      return claims;
    },
  });

const spans = () => spanExporter.getFinishedSpans();
const named = (name: string) => spans().filter((span) => span.name === name);

/** The names of a span and of all above it. */
function wayTo(span: ReadableSpan): string[] {
  const parent = spans().find((each) => each.spanContext().spanId === span.parentSpanContext?.spanId);
  return [...(parent ? wayTo(parent) : []), span.name];
}

describe('OpenTelemetry', () => {
  it('gets a span for each login, callback, refresh and logout, and below it what they ask', async () => {
    const app = await startApp();
    const browser = app.browser();
    await app.logIn(browser);
    clock.advance(4_000_000);
    expect((await ask(browser)).status).toBe(200);
    await browser.post('/logout');
    const ways = new Set(spans().map((span) => wayTo(span).join(' > ')));
    const path = new URL(op.issuer).pathname;
    for (const way of [
      `GET /login > connect_auth.login > GET ${path}.well-known/openid-configuration`,
      'GET /oauth/callback > connect_auth.callback > POST',
      'GET /oauth/callback > connect_auth.callback > EVALSHA writeLogin',
      'GET /oauth/callback > connect_auth.callback > a look into the database',
      'GET /token > MGET readSession',
      'GET /token > connect_auth.refresh > POST',
      'GET /token > connect_auth.refresh > EVALSHA swapTokens',
      'POST /logout > connect_auth.logout > EVALSHA endSession',
    ])
      expect([...ways].filter((each) => each.startsWith(way))).not.toEqual([]);
    for (const span of spans()) expect(span.status.code).toBe(SpanStatusCode.UNSET);
  });

  it('is told of requests and operations by the semantic conventions', async () => {
    const app = await startApp();
    await app.logIn(app.browser());
    const { hostname, port } = new URL(op.issuer);
    const token = spans().find(({ attributes }) => attributes['connect_auth.endpoint'] === 'token')!;
    expect(token.kind).toBe(SpanKind.CLIENT);
    expect(token.attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.response.status_code': 200,
      'server.address': hostname,
      'server.port': Number(port),
      'connect_auth.provider': 'default',
    });
    expect(String(token.attributes['url.full'])).toMatch(new RegExp(`^http://${hostname}:${port}/[^?]+$`));
    const [write] = named('EVALSHA writeLogin');
    expect([write!.kind, write!.attributes]).toEqual([
      SpanKind.CLIENT,
      {
        'db.system.name': 'redis',
        'db.operation.name': 'EVALSHA',
        'db.stored_procedure.name': 'writeLogin',
        'db.query.summary': 'EVALSHA writeLogin',
        'server.address': '127.0.0.1',
        'server.port': redis.port,
        'connect_auth.operation': 'writeLogin',
      },
    ]);
  });

  it('is told what failed, and under which reference the person saw it', async () => {
    const app = await startApp();
    op.script({ token: () => json(500, {}) });
    await app.logIn(app.browser());
    const [callback] = named('connect_auth.callback');
    expect(callback!.status.code).toBe(SpanStatusCode.ERROR);
    const [fault, refused] = callback!.events;
    expect([fault!.name, refused!.name]).toEqual(['connect_auth.fault', 'connect_auth.login.refused']);
    expect(fault!.attributes).toEqual({
      'error.type': 'provider_unavailable',
      'connect_auth.reference': app.errors[0]!.reference,
    });
    const token = spans().find(({ attributes }) => attributes['connect_auth.endpoint'] === 'token')!;
    expect([token.status.code, token.attributes['error.type']]).toEqual([SpanStatusCode.ERROR, '500']);
  });

  it('gets metrics of the same names as Prometheus', async () => {
    const app = await startApp();
    await app.logIn(app.browser());
    await reader.forceFlush();
    const [resource] = metricExporter.getMetrics().slice(-1);
    const found = resource!.scopeMetrics.flatMap(({ metrics }) => metrics);
    const finished = found.find(({ descriptor }) => descriptor.name === 'connect_auth.logins_finished')!;
    expect(finished.dataPoints.at(-1)).toMatchObject({ attributes: { 'connect_auth.provider': 'default' } });
    const asked = found.find(
      ({ descriptor }) => descriptor.name === 'connect_auth.provider_request_duration',
    )!;
    expect(asked.descriptor.unit).toBe('s');
  });

  it('is told nothing any more when it was stopped', async () => {
    stop();
    const app = await startApp();
    await app.logIn(app.browser());
    expect(
      spans().filter(({ instrumentationScope }) => instrumentationScope.name === 'express-connect-auth'),
    ).toEqual([]);
  });
});
