import type { NextFunction, Request, Response } from 'express';
import { ConfigurationError } from '../errors.ts';
import { getRequestState } from './request-state.ts';

/**
 * Keeps the form that a person sends to a guarded route when their session has ended, or when the guard asks for a
 * stronger login: `app.post('/orders', keepForm, requireAuth, handler)`. It needs `routes.keptForm`. After the login a
 * page of ours asks whether to send it; only the person who was last logged in in this browser gets it.
 *
 * Kept are forms of up to 64 KiB without files, sealed in the store, for half an hour and four of a login at a time.
 */
export function keepForm(req: Request, _res: Response, next: NextFunction): void {
  const state = getRequestState(req);
  if (state?.services.keepsForms) {
    state.keepsForm = true;
    next();
    return;
  }
  next(
    new ConfigurationError(
      state
        ? "keepForm needs a page that asks whether to send what was kept: set routes: { keptForm: '/kept-form' }."
        : 'keepForm needs app.use(connectAuth({ … })) before this route.',
    ),
  );
}
