package dev.tarn.data;

import java.util.List;
import java.util.Objects;

/** Tokens in one array: quickstart and tests need no file. */
final class ArrayTokens implements Tokens {

    private final int[] ids;
    private final int[] offsets;

    private ArrayTokens(int[] ids, int[] offsets) {
        this.ids = ids;
        this.offsets = offsets;
    }

    static ArrayTokens of(List<int[]> documents) {
        int[] offsets = new int[documents.size() + 1];
        for (int i = 0; i < documents.size(); i++) {
            offsets[i + 1] = Math.addExact(offsets[i], documents.get(i).length);
        }
        int[] ids = new int[offsets[documents.size()]];
        for (int i = 0; i < documents.size(); i++) {
            System.arraycopy(documents.get(i), 0, ids, offsets[i], offsets[i + 1] - offsets[i]);
        }
        return new ArrayTokens(ids, offsets);
    }

    @Override
    public long numTokens() {
        return ids.length;
    }

    @Override
    public int numDocuments() {
        return offsets.length - 1;
    }

    @Override
    public long documentOffset(int document) {
        return offsets[document];
    }

    @Override
    public void copy(long start, int[] dst, int at, int count) {
        Objects.checkFromIndexSize(start, count, ids.length);
        System.arraycopy(ids, (int) start, dst, at, count);
    }
}
