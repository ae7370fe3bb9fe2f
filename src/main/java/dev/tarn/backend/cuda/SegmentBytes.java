package dev.tarn.backend.cuda;

import dev.tarn.backend.Segment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Lays parts of a flat tensor out as {@code Segments} of {@code kernels/segments.cuh}. Thread-safety: none. */
final class SegmentBytes {

    /** As many as a launch takes. */
    static final int MOST = 48;

    /** Elements of a tile, the work of a block. */
    static final int TILE = 4096;

    private static final int SEGMENT = 24;

    private final ByteBuffer bytes =
            ByteBuffer.allocate(MOST * SEGMENT + Long.BYTES).order(ByteOrder.nativeOrder());
    private long tiles;

    /**
     * The same buffer each time.
     *
     * @param segments at most {@link #MOST}
     * @param aligned whether the tensors start where four floats can be read at once
     */
    ByteBuffer of(List<Segment> segments, boolean aligned) {
        tiles = 0;
        bytes.clear();
        for (Segment segment : segments) {
            bytes.putLong(segment.offset())
                    .putInt(Math.toIntExact(segment.count()))
                    .putInt(Math.toIntExact(tiles))
                    .putInt(segment.group())
                    .putInt(aligned && segment.offset() % 4 == 0 ? 4 : 1);
            tiles += tiles(segment);
        }
        bytes.putInt(MOST * SEGMENT, segments.size());
        return bytes.clear();
    }

    /** Tiles of the segments last laid out: the blocks of a launch. */
    long tiles() {
        return tiles;
    }

    static long tiles(Segment segment) {
        return Kernel.blocks(segment.count(), TILE);
    }
}
