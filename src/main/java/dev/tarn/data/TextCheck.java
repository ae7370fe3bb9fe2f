package dev.tarn.data;

import dev.tarn.text.SpecialToken;
import dev.tarn.text.TextPipeline;
import dev.tarn.text.Vocab;
import it.unimi.dsi.fastutil.longs.Long2IntOpenHashMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What {@code data check} says of a prepared text: counts, balance of labels, duplicates, lengths, and what looks wrong. */
public final class TextCheck {

    private static final int SLICE = 1 << 12;
    private static final int MAX_EXAMPLES = 5;
    private static final double MUCH_UNKNOWN = 0.1;
    private static final int UNBALANCED = 10;

    private final PreparedText text;
    private final boolean[] isWord;
    private final Long2IntOpenHashMap seen = new Long2IntOpenHashMap();
    private final List<Part> parts = new ArrayList<>();
    private final List<Split> splits = new ArrayList<>();
    private final List<Twins> examples = new ArrayList<>();
    private int acrossSplits;
    private int conflicting;

    /** Where the documents of a split begin in the count over all splits. */
    private record Part(
            String name, Tokens tokens, @Nullable DocumentTable table, int first) {

        String origin(int document) {
            return table == null ? name + " document " + document : table.origin(document);
        }
    }

    private TextCheck(PreparedText text) {
        this.text = text;
        this.isWord = words(text.vocab());
        seen.defaultReturnValue(-1);
        add(new Part("train", text.train(), text.trainTable().orElse(null), 0));
        text.valid()
                .ifPresent(valid -> add(new Part(
                        "valid",
                        valid,
                        text.validTable().orElse(null),
                        text.train().numDocuments())));
    }

    /** Reads all of a prepared text once. */
    public static Report of(PreparedText text) {
        TextCheck check = new TextCheck(text);
        return new Report(
                List.copyOf(check.splits),
                check.acrossSplits,
                check.conflicting,
                List.copyOf(check.examples),
                check.warnings());
    }

    /** Which ids are words that a reader would see. */
    private static boolean[] words(Vocab vocab) {
        boolean[] words = new boolean[vocab.size()];
        for (int i = 0; i < words.length; i++) {
            String token = vocab.token(i);
            words[i] = !token.isBlank()
                    && !token.equals(TextPipeline.LINE_END)
                    && i != SpecialToken.BOS.id()
                    && i != SpecialToken.EOS.id()
                    && i != SpecialToken.PAD.id();
        }
        return words;
    }

    private void add(Part part) {
        parts.add(part);
        Tokens tokens = part.tokens();
        int[] perClass = new int[text.classes().size()];
        int[] lengths = new int[Integer.SIZE + 1];
        int empty = 0;
        int allUnknown = 0;
        int duplicates = 0;
        for (int d = 0; d < tokens.numDocuments(); d++) {
            long length = tokens.documentOffset(d + 1) - tokens.documentOffset(d);
            lengths[Math.min(Integer.SIZE, Long.SIZE - Long.numberOfLeadingZeros(length))]++;
            DocumentTable table = part.table();
            if (table != null && table.label(d) >= 0) {
                perClass[table.label(d)]++;
            }
            Reading reading = read(tokens, d);
            if (reading.words == 0) {
                empty++;
            } else {
                allUnknown += reading.words == reading.unknown ? 1 : 0;
                duplicates += isDuplicate(part, d, reading.hash) ? 1 : 0;
            }
        }
        splits.add(new Split(
                part.name(),
                CorpusPreview.summary(tokens, text.vocab().size(), SpecialToken.UNK.id()),
                perClass,
                lengths(lengths),
                empty,
                allUnknown,
                duplicates));
    }

    private static int[] lengths(int[] counts) {
        int used = counts.length;
        while (used > 1 && counts[used - 1] == 0) {
            used--;
        }
        return Arrays.copyOf(counts, used);
    }

    /** What one pass over a document says. */
    private static final class Reading {
        private long hash = 0xCBF29CE484222325L;
        private long words;
        private long unknown;
    }

    private Reading read(Tokens tokens, int document) {
        Reading reading = new Reading();
        forEachSlice(tokens, document, (slice, count) -> {
            for (int i = 0; i < count; i++) {
                reading.hash = (reading.hash ^ slice[i]) * 0x9E3779B97F4A7C15L;
                reading.hash ^= reading.hash >>> 32;
                reading.words += isWord[slice[i]] ? 1 : 0;
                reading.unknown += slice[i] == SpecialToken.UNK.id() ? 1 : 0;
            }
        });
        return reading;
    }

    private interface Slices {
        void accept(int[] slice, int count);
    }

    private static void forEachSlice(Tokens tokens, int document, Slices each) {
        int[] slice = new int[SLICE];
        long end = tokens.documentOffset(document + 1);
        for (long start = tokens.documentOffset(document); start < end; start += SLICE) {
            int count = (int) Math.min(SLICE, end - start);
            tokens.copy(start, slice, 0, count);
            each.accept(slice, count);
        }
    }

    private boolean isDuplicate(Part part, int document, long hash) {
        int earlier = seen.putIfAbsent(hash, part.first() + document);
        if (earlier < 0) {
            return false;
        }
        Part other = parts.get(parts.size() > 1 && earlier >= parts.get(1).first() ? 1 : 0);
        int twin = earlier - other.first();
        if (!isSame(part.tokens(), document, other.tokens(), twin)) {
            return false;
        }
        boolean conflict = part.table() != null
                && other.table() != null
                && part.table().label(document) != other.table().label(twin);
        conflicting += conflict ? 1 : 0;
        if (examples.size() < MAX_EXAMPLES) {
            examples.add(new Twins(part.origin(document), other.origin(twin), conflict));
        }
        if (part.first() != other.first()) {
            acrossSplits++;
            return false;
        }
        return true;
    }

    private static boolean isSame(Tokens a, int i, Tokens b, int j) {
        long start = a.documentOffset(i);
        long length = a.documentOffset(i + 1) - start;
        if (b.documentOffset(j + 1) - b.documentOffset(j) != length) {
            return false;
        }
        int[] left = new int[SLICE];
        int[] right = new int[SLICE];
        for (long done = 0; done < length; done += SLICE) {
            int count = (int) Math.min(SLICE, length - done);
            a.copy(start + done, left, 0, count);
            b.copy(b.documentOffset(j) + done, right, 0, count);
            if (!Arrays.equals(left, 0, count, right, 0, count)) {
                return false;
            }
        }
        return true;
    }

    private List<String> warnings() {
        List<String> warnings = new ArrayList<>();
        if (splits.size() == 1) {
            warnings.add("There is no text to validate on: give --valid or --valid-pct.");
        }
        if (text.classes().size() == 1) {
            warnings.add("There is only the class '" + text.classes().get(0)
                    + "', so there is nothing for a classifier to tell apart.");
        }
        for (Split split : splits) {
            warnings(split, warnings);
        }
        if (acrossSplits > 0) {
            warnings.add(
                    acrossSplits + " documents to validate on stand in the training text too, so what is measured on"
                            + " them is too good.");
        }
        if (conflicting > 0) {
            warnings.add(conflicting + " documents are the same as another with a different label.");
        }
        return warnings;
    }

    private void warnings(Split split, List<String> warnings) {
        if (split.empty() > 0) {
            warnings.add(split.name() + ": " + split.empty() + " documents are empty.");
        }
        if (split.allUnknown() > 0) {
            warnings.add(split.name() + ": " + split.allUnknown()
                    + " documents have only words that the vocabulary does not know.");
        }
        if (split.summary().unknownShare() > MUCH_UNKNOWN) {
            warnings.add(String.format(
                    Locale.ROOT,
                    "%s: %.1f %% of the tokens are unknown, more than %.0f %%: use the vocabulary of this text, or a larger"
                            + " one.",
                    split.name(),
                    100 * split.summary().unknownShare(),
                    100 * MUCH_UNKNOWN));
        }
        if (split.duplicates() > 0) {
            warnings.add(split.name() + ": " + split.duplicates() + " documents repeat an earlier one.");
        }
        int[] perClass = split.perClass();
        int most = Arrays.stream(perClass).max().orElse(0);
        for (int i = 0; i < perClass.length && most > 0; i++) {
            if (perClass[i] == 0) {
                warnings.add(split.name() + ": the class '" + text.classes().get(i) + "' has no document.");
            } else if ((long) perClass[i] * UNBALANCED < most) {
                warnings.add(split.name() + ": the class '" + text.classes().get(i) + "' has only " + perClass[i]
                        + " documents, another has " + most + ".");
            }
        }
    }

    /**
     * What was found.
     *
     * @param splits train, and valid if there is one
     * @param acrossSplits documents to validate on that are the same, token for token, as one to train on
     * @param conflicting documents that are the same as another with a different label
     * @param examples the first pairs of documents that are the same
     * @param warnings one sentence each
     */
    public record Report(
            List<Split> splits, int acrossSplits, int conflicting, List<Twins> examples, List<String> warnings) {}

    /**
     * A split. Empty documents count neither as unknown nor as duplicates.
     *
     * @param name {@code train} or {@code valid}
     * @param summary its counts
     * @param perClass documents of each class
     * @param lengths documents by length: element 0 counts those without tokens, element k those with 2^(k-1) to 2^k - 1
     * @param empty documents without a word
     * @param allUnknown documents with unknown words alone
     * @param duplicates documents that are the same, token for token, as an earlier one of the split
     */
    @SuppressWarnings("ArrayRecordComponent") // Read once to be printed; nobody compares two.
    public record Split(
            String name,
            CorpusPreview.Summary summary,
            int[] perClass,
            int[] lengths,
            int empty,
            int allUnknown,
            int duplicates) {}

    /**
     * Two documents with the same tokens.
     *
     * @param document where the later one came from
     * @param earlier where the earlier one came from
     * @param isConflicting whether their labels differ
     */
    public record Twins(String document, String earlier, boolean isConflicting) {}
}
