import type { EmulatorClient } from './client-authentication.ts';
import { type CommonSettings, commonDefaults, type EmulatorOptions } from './emulator.ts';

/**
 * `get-callback` answers by a redirect although form_post was asked for; `replayed-form` answers with what was
 * sent the time before. For forms from elsewhere see `hostForm`.
 */
export type DidAttack = 'userinfo-sub' | 'foreign-aud' | 'get-callback' | 'replayed-form';

export interface DidSettings extends CommonSettings {
  /** @default 3600 */
  accessTokenSeconds: number;
  /** @default none */
  attack: DidAttack | undefined;
}

export type DidOptions = EmulatorOptions<DidSettings, EmulatorClient> & {
  /** Name of the issuer's origin, whose port always differs. @default the same as `host` */
  issuerHost?: '127.0.0.1' | 'localhost';
};

export const didDefaults: DidSettings = {
  ...commonDefaults,
  accessTokenSeconds: 3600,
  attack: undefined,
};
