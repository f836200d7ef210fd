import type { JWK, JWTPayload } from 'jose';
import { LoginError } from '../errors.ts';
import type { ProviderDefinition, TenantRule } from '../provider-definition.ts';

/** An id of a tenant, as Microsoft writes it. */
export const TENANT_ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/**
 * Says what is wrong with the `iss` of a token whose provider has many tenants; `undefined`: it is its own tenant's, or
 * there is one issuer and jose has compared it.
 */
export function findTenantProblem(
  payload: JWTPayload,
  { tenants }: Pick<ProviderDefinition, 'tenants'>,
): string | undefined {
  if (!tenants) return undefined;
  const tenant = payload[tenants.claim];
  if (typeof tenant !== 'string' || !TENANT_ID.test(tenant))
    return `${tenants.claim} is not the id of a tenant`;
  return payload.iss === issuerOf(tenants, tenant)
    ? undefined
    : `iss is not that of the tenant in ${tenants.claim}`;
}

/**
 * Refuses people of other tenants and organisations: the provider has proven who they are, and it is nobody of ours.
 *
 * @throws LoginError `login_refused`, naming the claim and never its value.
 */
export function refuseOthers(
  payload: JWTPayload,
  { tenants, requiredClaims = {} }: Pick<ProviderDefinition, 'tenants' | 'requiredClaims'>,
  name: string,
): void {
  const refuse = (claim: string, expected: string): never => {
    throw new LoginError(
      `Provider "${name}": the person's ${claim} is ${claim in payload ? 'another than' : 'missing; it must be'} ${expected}.`,
      { code: 'login_refused' },
    );
  };
  if (tenants && tenants.allowed !== 'any' && !tenants.allowed.includes(String(payload[tenants.claim])))
    refuse(tenants.claim, 'one of the tenants of the options');
  for (const [claim, value] of Object.entries(requiredClaims)) {
    if (payload[claim] !== value) refuse(claim, `"${value}"`);
  }
}

/** Whether a published key may sign for the issuer of a token: a key of one tenant must not speak for another. */
export function isKeyOfIssuer(
  key: JWK & { issuer?: unknown },
  payload: JWTPayload,
  { claim }: TenantRule,
): boolean {
  if (typeof key.issuer !== 'string') return true;
  return key.issuer.replace('{tenantid}', String(payload[claim])) === payload.iss;
}

function issuerOf({ issuer }: TenantRule, tenant: string): string {
  return issuer.replace('{tenantid}', tenant);
}
