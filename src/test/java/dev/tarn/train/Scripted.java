package dev.tarn.train;

import dev.tarn.data.Cursor;
import java.util.List;

/** Batches given beforehand: those of one epoch after the other, and after the last epoch the first again. */
abstract class Scripted<B> implements BatchSource<B> {

    private final List<List<B>> epochs;
    private int epoch;
    private int window;

    Scripted(List<List<B>> epochs) {
        this.epochs = epochs;
    }

    abstract int steps(B batch);

    final List<B> current() {
        return epochs.get(epoch % epochs.size());
    }

    @Override
    public final int longest() {
        return epochs.stream().flatMap(List::stream).mapToInt(this::steps).max().orElseThrow();
    }

    @Override
    public final int windows(long epoch) {
        return epochs.get((int) epoch % epochs.size()).size();
    }

    @Override
    public final boolean hasNext() {
        return window < current().size();
    }

    @Override
    public final B next() {
        return current().get(window++);
    }

    @Override
    public final Cursor cursor() {
        return new Cursor(epoch, window);
    }

    @Override
    public final void seek(Cursor cursor) {
        epoch = (int) cursor.epoch();
        window = cursor.window();
    }
}
