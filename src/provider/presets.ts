import { connectis } from './connectis.ts';
import { did } from './did.ts';
import { fewlines } from './fewlines.ts';
import { oauth2 } from './oauth2.ts';
import { oidc } from './oidc.ts';
import { apple } from './presets/apple.ts';
import { auth0 } from './presets/auth0.ts';
import { authentik } from './presets/authentik.ts';
import { azureB2c } from './presets/azure-b2c.ts';
import { cognito } from './presets/cognito.ts';
import { discord } from './presets/discord.ts';
import { entra } from './presets/entra.ts';
import { entraExternalId } from './presets/entra-external-id.ts';
import { franceConnect } from './presets/france-connect.ts';
import { github } from './presets/github.ts';
import { gitlab } from './presets/gitlab.ts';
import { google } from './presets/google.ts';
import { keycloak } from './presets/keycloak.ts';
import { linkedin } from './presets/linkedin.ts';
import { loginGov } from './presets/login-gov.ts';
import { okta } from './presets/okta.ts';
import { proConnect } from './presets/pro-connect.ts';
import { salesforce } from './presets/salesforce.ts';
import { slack } from './presets/slack.ts';
import { zitadel } from './presets/zitadel.ts';
import { telenor } from './telenor.ts';

/** The providers this library knows, each a function that turns options into a definition. */
export const providers = Object.freeze({
  oidc,
  oauth2,
  ...{ apple, auth0, authentik, azureB2c, cognito, discord, entra, entraExternalId, franceConnect, github },
  ...{ gitlab, google, keycloak, linkedin, loginGov, okta, proConnect, salesforce, slack, zitadel },
  ...{ fewlines, telenor, connectis, did },
});
