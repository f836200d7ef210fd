import { type Attributes, SpanKind } from '@opentelemetry/api';
import type { DiagnosticTraces, TracedEnd, TracedError } from '../diagnostics-payloads.ts';

/** How a span begins. */
export interface SpanBeginning {
  readonly title: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
}

/**
 * Describes the span of a traced operation, by the semantic conventions where there are any.
 *
 * @see [HTTP client spans](https://opentelemetry.io/docs/specs/semconv/http/http-spans/),
 * [Redis client spans](https://opentelemetry.io/docs/specs/semconv/database/redis/)
 */
export function describeSpan(name: keyof DiagnosticTraces, message: object): SpanBeginning {
  if (name === 'provider.request') return describeRequest(message as DiagnosticTraces['provider.request']);
  if (name === 'store.operation') return describeOperation(message as DiagnosticTraces['store.operation']);
  const { tenant, provider, display, kind } = message as Partial<
    DiagnosticTraces['login'] & DiagnosticTraces['logout']
  >;
  return {
    title: `connect_auth.${name}`,
    kind: SpanKind.INTERNAL,
    attributes: {
      'connect_auth.tenant': tenant,
      'connect_auth.provider': provider,
      'connect_auth.display': display,
      'connect_auth.kind': kind,
    },
  };
}

/** What is known only at the end. */
export function describeSpanEnd(message: object): Attributes {
  const { status } = message as Partial<DiagnosticTraces['provider.request']>;
  const { sessions } = message as Partial<DiagnosticTraces['logout']>;
  return {
    'http.response.status_code': status,
    'connect_auth.sessions': sessions,
  };
}

/** How it failed, if it did: a provider's refusal is a failure of the request. */
export function describeFailure(message: TracedEnd & { readonly status?: number }): TracedError | undefined {
  const { error, status = 0 } = message;
  return error ?? (status >= 400 ? { code: String(status) } : undefined);
}

function describeRequest({
  tenant,
  provider,
  endpoint,
  method,
  url,
}: DiagnosticTraces['provider.request']): SpanBeginning {
  const { hostname, port, protocol, pathname } = new URL(url);
  return {
    title: `${method} ${pathname}`,
    kind: SpanKind.CLIENT,
    attributes: {
      'http.request.method': method,
      'url.full': url,
      'url.template': pathname,
      'server.address': hostname,
      'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
      'connect_auth.tenant': tenant,
      'connect_auth.provider': provider,
      'connect_auth.endpoint': endpoint,
    },
  };
}

function describeOperation({
  operation,
  command,
  store,
  address,
  port,
}: DiagnosticTraces['store.operation']): SpanBeginning {
  const isScript = command === 'EVALSHA';
  return {
    title: `${command} ${operation}`,
    kind: SpanKind.CLIENT,
    attributes: {
      'db.system.name': store,
      'db.operation.name': command,
      'db.stored_procedure.name': isScript ? operation : undefined,
      'db.query.summary': `${command} ${operation}`,
      'server.address': address,
      'server.port': port,
      'connect_auth.operation': operation,
    },
  };
}
