// An OpenID provider for tests, on loopback alone: `node provider.mjs PORT FOLDER [--nonces]`.
//
// Its signing keys are in FOLDER/keys.json, made at the first start: without that file the next start has other keys.
// The resource that a token is asked for says what kind of token it is; see RESOURCES.
// GET /requests tells how often each path was asked since the start.
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

import Provider, { errors } from 'oidc-provider';

const [port, folder, ...options] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

// What a resource takes: its URL, and how its access tokens are signed, or that they are not.
const RESOURCES = {
  'https://rs256.example': 'RS256',
  'https://es256.example': 'ES256',
  'https://eddsa.example': 'EdDSA',
  'https://ed25519.example': 'Ed25519',
  'https://opaque.example': undefined,
};
const SCOPES = 'orders:read orders:write';

// They ask for tokens for themselves, and for nothing else. Their secrets have characters that RFC 6749 §2.3.1 encodes.
const service = (name, more) => ({
  client_id: name,
  client_secret: `${name}: 100%+ secret`,
  grant_types: ['client_credentials'],
  response_types: [],
  redirect_uris: [],
  token_endpoint_auth_method: 'client_secret_basic',
  ...more,
});
// It says who it is with assertions. Its private key is in FOLDER/NAME.pem, made at the first start.
const signing = (name, alg, type, options) => service(name, {
  client_secret: undefined,
  token_endpoint_auth_method: 'private_key_jwt',
  token_endpoint_auth_signing_alg: alg,
  jwks: { keys: [{ ...publicKey(join(folder, `${name}.pem`), type, options), kid: `key of ${name}` }] },
});
const clients = [
  service('orders'),
  service('posts', { token_endpoint_auth_method: 'client_secret_post' }),
  service('bound', { dpop_bound_access_tokens: true }),
  signing('signs-es256', 'ES256', 'ec', { namedCurve: 'P-256' }),
  signing('signs-eddsa', 'EdDSA', 'ed25519'),
  // The resource server, which asks about tokens of others.
  service('api', { grant_types: [] }),
];

const provider = new Provider(issuer, {
  clients,
  jwks: { keys: signingKeys(join(folder, 'keys.json')) },
  cookies: { keys: [randomBytes(16).toString('hex')] },
  scopes: SCOPES.split(' '),
  enabledJWA: {
    clientAuthSigningAlgValues: ['ES256', 'EdDSA'],
    dPoPSigningAlgValues: ['ES256', 'RS256', 'EdDSA', 'Ed25519'],
  },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true },
    dPoP: {
      enabled: true,
      nonceSecret: randomBytes(32),
      requireNonce: () => options.includes('--nonces'),
    },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo(_, resource) {
        if (!Object.hasOwn(RESOURCES, resource)) {
          throw new errors.InvalidTarget();
        }
        const alg = RESOURCES[resource];
        return {
          audience: resource,
          scope: SCOPES,
          accessTokenTTL: 600,
          accessTokenFormat: alg ? 'jwt' : 'opaque',
          jwt: alg && { sign: { alg } },
        };
      },
    },
  },
});

// Counted as it comes in, before anybody can have seen an answer to it.
const requests = {};
const answer = provider.callback();
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, issuer);
  if (pathname === '/requests') {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(requests));
    return;
  }
  requests[pathname] = (requests[pathname] ?? 0) + 1;
  answer(request, response);
});
server.listen(Number(port), '127.0.0.1', () => console.log(`listening on ${issuer}`));

function signingKeys(file) {
  if (existsSync(file)) {
    return JSON.parse(readFileSync(file, 'utf8'));
  }
  const pairs = [
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    generateKeyPairSync('ed25519'),
  ];
  const keys = pairs.map(({ privateKey }) => ({ ...privateKey.export({ format: 'jwk' }), use: 'sig' }));
  writeFileSync(file, JSON.stringify(keys), { mode: 0o600 });
  return keys;
}

function publicKey(file, type, options) {
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync(type, options);
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  }
  return createPublicKey(readFileSync(file, 'utf8')).export({ format: 'jwk' });
}
