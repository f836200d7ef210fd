import { randomBytes, randomInt } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Clock } from '../clock.ts';
import { StoreError } from '../errors.ts';
import type { LoginEvent } from '../events.ts';
import type { LoginDemands } from '../freshness.ts';
import type { ApplicationKeys } from '../keys.ts';
import { type CookieAttributes, readCookies, setCookie } from '../session/cookies.ts';
import type { Identity } from '../session/identity.ts';
import type { Store } from '../store/store.ts';
import type { Sealer } from '../vault/sealer.ts';
import { type FormFields, readWholeForm } from './whole-form.ts';

/** A form that a person sent when nobody was logged in, or when more was asked of their login. */
export interface KeptForm {
  /** Path and query that it was sent to. */
  readonly action: string;
  readonly fields: FormFields;
  /** What the guard asked of the login. */
  readonly demands: LoginDemands;
  /** Name of the provider that the person was last logged in with. */
  readonly provider: string;
  /** Names the person: nobody else gets it. */
  readonly person: string;
  /** Milliseconds by the clock of the process that kept it. */
  readonly keptAt: number;
}

/** Forms that wait for their person to log in again: half an hour, four of a login at a time, 64 KiB each, no files. */
export interface KeptForms {
  /** Remembers in the browser who has logged in: only of them is anything kept. */
  noteLogin(event: Pick<LoginEvent, 'res' | 'provider' | 'issuer' | 'claims'>): void;
  /** Keeps the form of a request. Returns its place; `undefined`: it is none, is too much, or nobody knows whose it is. */
  keep(req: Request, res: Response, asked: Pick<KeptForm, 'action' | 'demands'>): Promise<number | undefined>;
  /** The form that this browser has at a place; `undefined`: it is gone. */
  open(req: Request, place: string | null): Promise<KeptForm | undefined>;
  isOf(form: KeptForm, identity: Pick<Identity, 'issuer' | 'sub'>): boolean;
}

/** What they are made of. */
export interface KeptFormsOptions {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly keys: ApplicationKeys;
  readonly cookieName: string;
  readonly cookiePath: string;
  readonly https: boolean;
  readonly now: Clock;
}

const LIFE_MS = 1_800_000;
const PLACES = 4;
/** The key of a record, and what opens it. */
const COOKIE = /^([\w-]{43})\.([\w-]{43})$/;

/**
 * A form lies sealed in the store; what opens it is in a cookie alone. The places in the store follow from the cookie of
 * the person's last login, so that nobody fills the store without having logged in, nor by much who has.
 */
export function createKeptForms(options: KeptFormsOptions): KeptForms {
  const { store, sealer, keys, cookieName, cookiePath, https, now } = options;
  const personCookie = `${cookieName}-person`;
  const names = Array.from({ length: PLACES }, (_, place) => `${cookieName}-form-${place}`);
  const attributes: CookieAttributes = { httpOnly: true, secure: https, sameSite: 'lax', path: cookiePath };
  const nameOf = ({ issuer, sub }: Pick<Identity, 'issuer' | 'sub'>) => keys.name('person', issuer, sub);
  const personSeal = { purpose: 'person', record: 'person', salt: '' } as const;
  const sealOf = (key: string, id: string) => ({ purpose: 'form', record: key, salt: id }) as const;

  const choosePlace = (req: Request): number => {
    const sent = readCookies(req);
    const free = [...names.keys()].filter((place) => sent[names[place]!] === undefined);
    return free.length > 0 ? free[randomInt(free.length)]! : randomInt(PLACES);
  };

  return {
    noteLogin: ({ res, provider, issuer, claims }) => {
      if (res.headersSent) return;
      const person = { person: nameOf({ issuer, sub: claims.sub }), provider };
      setCookie(res, personCookie, sealer.seal(person, personSeal).toString('base64url'), attributes);
    },

    keep: async (req, res, asked) => {
      const sealedPerson = readCookies(req)[personCookie] ?? '';
      const person = sealer.open(Buffer.from(sealedPerson, 'base64url'), personSeal);
      if (!person) return undefined;
      const fields = await readWholeForm(req, res);
      if (!fields) return undefined;
      const place = choosePlace(req);
      const [key, id] = [
        keys.name('kept form', sealedPerson, String(place)),
        randomBytes(32).toString('base64url'),
      ];
      const form = { ...asked, ...(person as Pick<KeptForm, 'person' | 'provider'>), fields, keptAt: now() };
      const sealed = sealer.seal(form satisfies KeptForm, sealOf(key, id)).toString('base64');
      try {
        await store.writeData(key, sealed, LIFE_MS, { mustExist: false });
      } catch (error) {
        if (error instanceof StoreError) return undefined;
        throw error;
      }
      setCookie(res, names[place]!, `${key}.${id}`, { ...attributes, maxAge: LIFE_MS / 1000 });
      return place;
    },

    open: async (req, place) => {
      const name = names[Number(place ?? Number.NaN)];
      const [, key, id] = COOKIE.exec((name && readCookies(req)[name]) ?? '') ?? [];
      if (!key || !id) return undefined;
      const { data } = await store.readSession(key);
      const form = sealer.open(Buffer.from(data ?? '', 'base64'), sealOf(key, id)) as KeptForm | undefined;
      return form && now() - form.keptAt <= LIFE_MS ? form : undefined;
    },

    isOf: ({ person }, identity) => nameOf(identity) === person,
  };
}
