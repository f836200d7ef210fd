/** Runs scripts once for keys of several hash tags where these lie on one server, and for each by itself where they do not. */
export interface OneServer {
  /** Whether keys of different hash tags may lie apart. */
  readonly isSplit: boolean;
  /** Notes what a server has said: one that is a cluster, though the client does not know, refuses keys of several slots. */
  noteRefusal(reply: Error): void;
  /**
   * @param joined - the whole in one command.
   * @param apart - the same in a command for each hash tag.
   */
  run<Reply>(joined: () => Promise<Reply>, apart: () => Promise<Reply>): Promise<Reply>;
}

/** Makes it for one client. */
export function createOneServer({ isCluster }: { isCluster: boolean }): OneServer {
  let isSplit = isCluster;
  const isCrossSlot = ({ message }: Error) => message.startsWith('CROSSSLOT');

  return {
    get isSplit() {
      return isSplit;
    },
    noteRefusal: (reply) => {
      isSplit ||= isCrossSlot(reply);
    },
    run: (joined, apart) => {
      if (isSplit) return apart();
      return joined().catch((error: Error) => {
        // Redis looks at the slots first: nothing has been done.
        if (!isCrossSlot(error)) throw error;
        isSplit = true;
        return apart();
      });
    },
  };
}
