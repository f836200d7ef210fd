import type { Adapter, AdapterPayload } from 'oidc-provider';

/** Storage for the provider, by kind of things. Its own one forgets beyond a thousand entries. */
export function createProviderStorage(): (kind: string) => Adapter {
  const adapters = new Map<string, Adapter>();
  return (kind) => {
    const adapter = adapters.get(kind) ?? createAdapter();
    adapters.set(kind, adapter);
    return adapter;
  };
}

function createAdapter(): Adapter {
  const records = new Map<string, { payload: AdapterPayload; endsAt: number }>();
  const idsByUid = new Map<string, string>();
  const find = async (id = '') => {
    const record = records.get(id);
    return record && record.endsAt > Date.now() ? record.payload : undefined;
  };
  return {
    find,
    findByUid: (uid) => find(idsByUid.get(uid)),
    findByUserCode: async () => undefined,
    async upsert(id, payload, expiresIn = Number.POSITIVE_INFINITY) {
      records.set(id, { payload, endsAt: Date.now() + expiresIn * 1000 });
      if (payload.uid) idsByUid.set(payload.uid, id);
    },
    async consume(id) {
      const payload = await find(id);
      if (payload) payload.consumed = Math.floor(Date.now() / 1000);
    },
    async destroy(id) {
      records.delete(id);
    },
    async revokeByGrantId(grantId) {
      for (const [id, { payload }] of records) if (payload.grantId === grantId) records.delete(id);
    },
  };
}
