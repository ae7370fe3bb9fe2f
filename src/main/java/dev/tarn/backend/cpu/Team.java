package dev.tarn.backend.cpu;

/**
 * The {@link Workers} of a backend with scratch memory for each, and its hands: those who run oneDNN. Either every worker
 * is a hand, and calls oneDNN on its own part of an operation; or there is one hand, and oneDNN shares its work out among
 * threads of OpenMP. The former is faster: a worker that waits for the next part of a step looks for it instead of
 * sleeping, and finds in its cache what it computed last.
 */
final class Team implements AutoCloseable {

    /** Floats in a tile: five of them fit into a first-level cache of 32 KiB. */
    static final int TILE = Masks.TILE;

    /** What one worker computes in. */
    static final class Scratch {
        final Masks masks = new Masks();
        final float[] mask = new float[TILE];
        final float[] a = new float[TILE];
        final float[] b = new float[TILE];
        final float[] c = new float[TILE];
        final float[] d = new float[TILE];
        final float[] e = new float[TILE];
    }

    /** A part of a loop over tiles. */
    interface TileBody {

        /** Works on elements {@code from .. from+count-1}, at most {@link #TILE} of them. */
        void run(Scratch scratch, int from, int count);
    }

    private final Workers workers;
    private final Scratch[] scratch;
    private final OneDnn[] hands;

    /**
     * Starts the workers.
     *
     * @param hands as many as threads, if oneDNN itself starts none, or 1
     */
    Team(HostMemory memory, int threads, int hands) {
        workers = new Workers(threads, hands == threads);
        scratch = new Scratch[threads];
        for (int i = 0; i < threads; i++) {
            scratch[i] = new Scratch();
        }
        this.hands = new OneDnn[hands];
        for (int i = 0; i < hands; i++) {
            this.hands[i] = new OneDnn(memory);
        }
    }

    /** What a hand computes with. */
    OneDnn dnn(int hand) {
        return hands[hand];
    }

    /** Shares out {@code size} rows or columns among the hands, in multiples of {@code grain}. */
    Ranges cut(int size, int grain) {
        return Ranges.of(size, hands.length, grain);
    }

    Workers workers() {
        return workers;
    }

    Scratch scratch(int worker) {
        return scratch[worker];
    }

    /** Runs over {@code size} elements, tile by tile; small loops stay on the calling thread. */
    void tiles(int size, TileBody body) {
        workers.run((size + TILE - 1) / TILE, 4, (worker, firstTile, endTile) -> {
            for (int tile = firstTile; tile < endTile; tile++) {
                int from = tile * TILE;
                body.run(scratch[worker], from, Math.min(TILE, size - from));
            }
        });
    }

    @Override
    public void close() {
        workers.close();
        for (OneDnn hand : hands) {
            hand.close();
        }
    }
}
