package dev.tarn.data;

import dev.tarn.ConfigException;
import dev.tarn.DataException;
import dev.tarn.backend.RandomKey;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The documents to train on and those to validate on: the first half of fastai's data block, in which texts are found,
 * labelled and split. {@link PreparedText#prepare} is the other half.
 *
 * @param train to train on
 * @param valid to validate on, or null
 */
public record Corpus(DocumentSource train, @Nullable DocumentSource valid) {

    /**
     * Lines of text files.
     *
     * @param train one or more UTF-8 files
     * @param valid another, or null
     * @param isLabelled whether a line is {@code LABEL<TAB>text}
     * @param isRunning whether a file is one running text, as it is for {@code whitespace}
     */
    public static Corpus ofLines(List<Path> train, @Nullable Path valid, boolean isLabelled, boolean isRunning) {
        return new Corpus(
                new LineSource(train, isLabelled, isRunning),
                valid == null ? null : new LineSource(List.of(valid), isLabelled, isRunning));
    }

    /**
     * The rows of a CSV file. Those that its column for validation marks are validated on, unless another file is.
     *
     * @param valid another CSV file with the same columns, or null
     * @param isLabelled whether to read labels; null: if there is a column for them
     */
    public static Corpus ofCsv(Path train, @Nullable Path valid, CsvColumns columns, @Nullable Boolean isLabelled) {
        CsvSource rows = new CsvSource(train, columns, isLabelled);
        if (valid != null) {
            return new Corpus(rows, new CsvSource(valid, columns, rows.isLabelled()));
        }
        BitSet marked = rows.valid();
        if (marked.isEmpty()) {
            return new Corpus(rows, null);
        }
        BitSet rest = new BitSet();
        rest.set(0, rows.count());
        rest.andNot(marked);
        if (rest.isEmpty()) {
            throw new DataException("Every line of '" + train + "' is marked in the column '" + columns.valid()
                    + "', which leaves none to train on: mark fewer.");
        }
        return new Corpus(rows.only(rest), rows.only(marked));
    }

    /**
     * Files of a folder, each a document whose label is the name of a folder above it:
     * {@code root/train/pos/1.txt} is {@code pos}.
     *
     * @param root the folder, such as {@code IMDB}
     * @param train the folder in it that holds a folder for each label; {@code "."} for the root itself
     * @param valid another of that kind, or null
     * @param include the labels to take; none: all
     * @param suffix the ending of text files; empty: every file
     * @param notes told in one sentence each what is left out
     */
    public static Corpus ofLabelFolders(
            Path root,
            String train,
            @Nullable String valid,
            List<String> include,
            String suffix,
            Consumer<String> notes) {
        TextTree tree = new TextTree(root, suffix, notes);
        return new Corpus(tree.labelled(train, include), valid == null ? null : tree.labelled(valid, include));
    }

    /**
     * Files of a folder, each a document without a label.
     *
     * @param train the folders in it to train on; none: all of it
     * @param valid the folder in it to validate on, or null
     * @param suffix as {@link #ofLabelFolders}
     * @param notes as {@link #ofLabelFolders}
     */
    public static Corpus ofFolder(
            Path root, List<String> train, @Nullable String valid, String suffix, Consumer<String> notes) {
        TextTree tree = new TextTree(root, suffix, notes);
        return new Corpus(tree.texts(train), valid == null ? null : tree.texts(List.of(valid)));
    }

    /**
     * The same documents with a drawn share of those to train on to validate on instead, as fastai's
     * {@code split_by_rand_pct}: the first ⌊share·N⌋ of a random permutation. Both parts keep the order of the documents.
     *
     * @param share above 0 and below 1
     * @param seed the draw follows from it and the number of documents alone
     * @throws ConfigException if a part would be empty
     */
    public Corpus split(double share, long seed) {
        if (train.isRunning()) {
            throw new ConfigException(
                    "A running text cannot be split by a share of its documents, because it is one: give"
                            + " --valid, or --tokenizer fastai, whose documents are lines.");
        }
        int count = train.count();
        int drawn = (int) (share * count);
        if (!(share > 0 && share < 1) || drawn < 1 || drawn >= count) {
            throw new ConfigException("--valid-pct " + share + " of " + count + " documents leaves " + drawn
                    + " to validate on: give a share between 0 and 1 that leaves at least one on either side.");
        }
        int[] order = new int[count];
        Shuffle.permutation(new RandomKey(seed, RandomKey.Purpose.SPLIT, 0, 0), order);
        BitSet chosen = new BitSet();
        for (int i = 0; i < drawn; i++) {
            chosen.set(order[i]);
        }
        BitSet rest = new BitSet();
        rest.set(0, count);
        rest.andNot(chosen);
        return new Corpus(train.only(rest), train.only(chosen));
    }
}
