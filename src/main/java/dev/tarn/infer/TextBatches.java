package dev.tarn.infer;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a stream of texts into batches that are read when they are asked for, so that a stream of any length takes the
 * memory of one batch: at most {@code most} texts, and no further text once there are {@value #CHARS} characters, so that
 * only a single text can make a batch larger than that.
 *
 * <p>Thread-safety: none.
 */
public final class TextBatches implements Iterator<List<String>> {

    /** About as much text as is tokenized in a tenth of a second. */
    static final int CHARS = 1 << 20;

    private final Supplier<@Nullable String> source;
    private final int most;
    private @Nullable String next;
    private boolean isRead;

    /**
     * @param source gives one text after another, and null after the last
     * @param most how many texts a batch has, at least 1
     */
    public TextBatches(Supplier<@Nullable String> source, int most) {
        if (most < 1) {
            throw new IllegalArgumentException("batches of " + most + " texts");
        }
        this.source = source;
        this.most = most;
    }

    @Override
    public boolean hasNext() {
        return peek() != null;
    }

    @Override
    public List<String> next() {
        List<String> batch = new ArrayList<>();
        long chars = 0;
        String text = peek();
        while (text != null && batch.size() < most && chars < CHARS) {
            batch.add(text);
            chars += text.length();
            isRead = false;
            // Not read ahead: a text that somebody typed is answered when its batch is full, not one later.
            text = batch.size() < most && chars < CHARS ? peek() : null;
        }
        if (batch.isEmpty()) {
            throw new NoSuchElementException();
        }
        next = null;
        return batch;
    }

    private @Nullable String peek() {
        if (!isRead) {
            next = source.get();
            isRead = true;
        }
        return next;
    }
}
