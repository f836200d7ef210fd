import type { Request, Response } from 'express';
import { LoginError } from '../errors.ts';
import { readForm } from './request-input.ts';

/** Names and values in their order; a name may come twice. */
export type FormFields = readonly (readonly [name: string, value: string])[];

const MAX_FIELDS = 1000;
const MAX_LENGTH = 64 * 1024;

/**
 * Reads a form so that it can be sent again as it was, whether or not the application has parsed it before. `undefined`:
 * it is too large, has files, or was read by something that kept less of it.
 */
export async function readWholeForm(req: Request, res: Response): Promise<FormFields | undefined> {
  const isRead = req.readableEnded || req.readableDidRead;
  const fields = isRead ? readParsed(req) : await readForm(req, res).then(toFields, refuse);
  if (!fields || fields.length > MAX_FIELDS) return undefined;
  const length = fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return length > MAX_LENGTH ? undefined : fields;
}

const toFields = (form: URLSearchParams): FormFields => [...form];

function refuse(error: unknown): undefined {
  if (!(error instanceof LoginError)) throw error;
}

function readParsed(req: Request): FormFields | undefined {
  const body: unknown = req.body;
  if (!req.is('urlencoded') || typeof body !== 'object' || body === null) return undefined;
  const lists = Object.entries(body).map(([name, value]) => flatten(name, value));
  return lists.every((list) => list !== undefined) ? lists.flat() : undefined;
}

/**
 * A name that came twice becomes a list; brackets in names become lists of one, and objects. All of it becomes again what
 * it was when the parser reads what this writes. `undefined`: no parser of forms makes such a thing.
 */
function flatten(name: string, value: unknown): FormFields | undefined {
  if (typeof value === 'string') return [[name, value]];
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value) && value.length > 1 && value.every((item) => typeof item === 'string'))
    return value.map((item: string) => [name, item] as const);
  const lists = Object.entries(value).map(([key, inner]) => flatten(`${name}[${key}]`, inner));
  return lists.every((list) => list !== undefined) ? lists.flat() : undefined;
}
