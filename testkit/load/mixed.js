// What members do, mixed, at a fixed rate of arrival: late answers do not slow the next ones down.
import http from 'k6/http';
import { check } from 'k6';
import { uuidv4 } from './uuid.js';

const url = __ENV.URL;
const rate = Number(__ENV.RATE);
const people = JSON.parse(open(__ENV.PEOPLE));

export const options = {
  scenarios: {
    mixed: {
      executor: 'constant-arrival-rate',
      rate,
      timeUnit: '1s',
      duration: `${__ENV.SECONDS}s`,
      preAllocatedVUs: 100,
      maxVUs: 500,
    },
  },
  summaryTrendStats: ['med', 'p(90)', 'p(99)', 'max'],
  thresholds: { checks: ['rate==1.0'], dropped_iterations: ['count==0'] },
};

const json = { 'content-type': 'application/json' };

function one(list) {
  return list[Math.floor(Math.random() * list.length)];
}

function get(name, path, token) {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  return [http.get(`${url}${path}`, { headers, tags: { name } }), 200];
}

function post(name, path, body, token, expected) {
  const headers = { ...json, authorization: `Bearer ${token}`, 'idempotency-key': uuidv4() };
  return [http.post(`${url}${path}`, JSON.stringify(body), { headers, tags: { name } }), expected];
}

function ask() {
  const who = one(people);
  const dice = Math.random() * 100;
  if (dice < 30) return get('campaign', '/v1/campaigns/spring');
  if (dice < 35) return get('leaderboard', '/v1/campaigns/spring/leaderboard');
  if (dice < 55) return get('me', '/v1/me', who.token);
  if (dice < 70) return get('wallet', '/v1/wallet', who.token);
  if (dice < 80) return get('notifications', '/v1/notifications', who.token);
  if (dice < 90) {
    const to = one(people.filter((other) => other.wallet !== who.wallet)).wallet;
    return post('transfer', '/v1/wallet/transfers', { to, amount_minor: 1 }, who.token, 201);
  }
  if (dice < 99) return post('referral', '/v1/referrals', { campaign: 'spring' }, who.token, 201);
  const login = { email: who.email, password: who.password };
  return post('login', '/v1/auth/login', login, who.token, 200);
}

export default function () {
  const [answer, expected] = ask();
  check(answer, { 'the expected status': (it) => it.status === expected });
  if (answer.status !== expected) {
    console.error(`${answer.request.method} ${answer.request.url}: ${answer.status} ${answer.body}`);
  }
}
