package dev.tarn.data;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Text files, each a document; {@link TextTree} finds them. An empty file is an empty document. */
final class FolderSource implements DocumentSource {

    /**
     * A file to read.
     *
     * @param path where it is
     * @param name what it is called in messages and tables: its path below the folder that was given, with slashes
     * @param label the class of the document, or null
     */
    record Item(Path path, String name, @Nullable String label) {}

    private final List<Item> items;

    FolderSource(List<Item> items) {
        this.items = List.copyOf(items);
    }

    List<Item> items() {
        return items;
    }

    @Override
    public int count() {
        return items.size();
    }

    @Override
    public Reading open() {
        return new Reading() {
            private int next;

            @Override
            public @Nullable SourceDocument next() {
                if (next == items.size()) {
                    return null;
                }
                Item item = items.get(next++);
                return new SourceDocument(TextFiles.readOrEmpty(item.path()), item.label(), item.name(), 0);
            }

            @Override
            public void close() {
                // Every file is closed as soon as it is read.
            }
        };
    }
}
