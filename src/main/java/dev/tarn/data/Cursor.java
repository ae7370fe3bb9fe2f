package dev.tarn.data;

/**
 * A place in a {@link LanguageModelStream} or in {@link DocumentBatches}: the window or batch that comes next. Together with
 * the options and the tokens it determines every later batch, so it is all that a checkpoint needs to keep of the data.
 *
 * @param epoch the epoch, from 0
 * @param window the number of windows of this epoch that are already read, from 0 to {@code windows(epoch)}
 */
public record Cursor(long epoch, int window) {

    public Cursor {
        if (epoch < 0 || window < 0) {
            throw new IllegalArgumentException(
                    "a cursor has no negative parts, got epoch " + epoch + ", window " + window);
        }
    }
}
