import type { JsonSchema, ValidationRule } from '../schema.ts';
import { choice, object, string } from '../schema.ts';
import { GEP_DURATION } from './route.ts';

const PERMANENT_ENDS: ValidationRule = {
  message: 'a Permanent cookie needs an absoluteTimeout',
  rule:
    '!has(self.cookieConfig) || !has(self.cookieConfig.lifetimeType) || ' +
    "self.cookieConfig.lifetimeType != 'Permanent' || has(self.absoluteTimeout)",
};

/** Experimental in the Gateway API, and not used by Linkerd. */
export const SESSION_PERSISTENCE: JsonSchema = object(
  'Keeps a client at one backend.',
  {
    sessionName: string('Name of the cookie or header.', { maxLength: 128 }),
    type: choice('Where the session is kept.', ['Cookie', 'Header'], { default: 'Cookie' }),
    absoluteTimeout: string('When a session ends, used or not.', { pattern: GEP_DURATION }),
    idleTimeout: string('When a session ends that is not used.', { pattern: GEP_DURATION }),
    cookieConfig: object('What the cookie is like.', {
      lifetimeType: choice('Whether the cookie outlives the browser.', ['Permanent', 'Session'], {
        default: 'Session',
      }),
    }),
  },
  { rules: [PERMANENT_ENDS] },
);
