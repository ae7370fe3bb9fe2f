package dev.tarn.backend;

/**
 * Which positions of a window [T,B] are no text but fill shorter documents up to the longest, and how many are left: the
 * host, which has the ids, counts, so that a device need not.
 *
 * <p>{@code ids} may be a window of its own or the run of all windows that a document's kept outputs lie in; it has the
 * same T and B as the tensor that it goes with.
 *
 * @param ids [T,B] in; {@code ids[t,b] == token} marks padding
 * @param token the id of the padding token
 * @param steps positions without padding
 * @param pairs neighbours in time, (t,b) and (t+1,b), of which neither is padding
 * @param first positions of t = 0 without padding
 */
public record Padding(Tensor ids, int token, long steps, long pairs, long first) {

    /**
     * Counts on the host.
     *
     * @param ids where a device has the ids, [T,B]
     * @param host the same ids; may be longer
     * @param from index into {@code host} of the first id
     */
    public static Padding count(Tensor ids, int[] host, int from, int token) {
        int steps = ids.dim(0);
        int batch = ids.dim(1);
        long kept = 0;
        long pairs = 0;
        long first = 0;
        for (int i = 0; i < steps * batch; i++) {
            if (host[from + i] != token) {
                kept++;
                if (i < batch) {
                    first++;
                } else if (host[from + i - batch] != token) {
                    pairs++;
                }
            }
        }
        return new Padding(ids, token, kept, pairs, first);
    }
}
