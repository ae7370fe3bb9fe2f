package dev.tarn.backend.cpu;

/** The {@link Workers} of a backend with scratch memory for each. */
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

    Team(int threads) {
        workers = new Workers(threads);
        scratch = new Scratch[threads];
        for (int i = 0; i < threads; i++) {
            scratch[i] = new Scratch();
        }
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
    }
}
