/** Writes the OpenAPI 3.1 document from the route table, so that it cannot differ from what the server checks. */
import { z } from 'zod';
import { type ErrorCode, errorBody, errorCodes } from './errors.ts';
import { type AnyRoute, commonErrors, routes } from './routes.ts';

/** The document; `version` is the program's. */
export function openApi(version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, route] of Object.entries(routes)) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(name, route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Standby Server',
      version,
      description:
        'The daemon listens on a unix socket; whoever may open it may use everything. Programs compare error codes, people read `what` and `hint`.',
    },
    paths,
  };
}

function operation(name: string, route: AnyRoute): Record<string, unknown> {
  const mediaType = route.kind === 'stream' ? 'text/event-stream' : 'application/json';
  return {
    operationId: name,
    summary: route.doc,
    parameters: parameters(route),
    ...(route.method === 'POST'
      ? { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body, 'input') } } } }
      : {}),
    responses: {
      '200': { description: 'Done.', content: { [mediaType]: { schema: schemaOf(route.answer, 'output') } } },
      ...errorResponses([...commonErrors, ...route.errors]),
    },
  };
}

function parameters(route: AnyRoute): unknown[] {
  const { properties } = z
    .object({ properties: z.record(z.string(), z.unknown()).default({}) })
    .parse(schemaOf(route.query, 'input'));
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
}

/** One response per HTTP status, naming every code that comes with it. */
function errorResponses(codes: readonly ErrorCode[]): Record<string, unknown> {
  const byStatus = Map.groupBy(codes, (code) => errorCodes[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, all]) => [
      String(status),
      {
        description: all.map((code) => `\`${code}\`: ${errorCodes[code].doc}`).join('\n'),
        content: { 'application/json': { schema: schemaOf(errorBody, 'output') } },
      },
    ]),
  );
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}
