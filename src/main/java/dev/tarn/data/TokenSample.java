package dev.tarn.data;

import org.jspecify.annotations.Nullable;

/** Part of a token store: documents at even distances, so that a store whose documents stand by label keeps its balance. */
final class TokenSample {

    private TokenSample() {}

    /**
     * Writes it as a store.
     *
     * @param share of the documents, above 0, but at least one; from 1 on all. Of a single document its beginning is taken.
     * @throws dev.tarn.DataException if that has no tokens
     */
    static TextPreparation.Split write(
            TokenStore from, @Nullable DocumentTable table, double share, TokenStoreWriter writer) {
        DocumentTableWriter rows = new DocumentTableWriter();
        int documents = from.numDocuments();
        long kept = Math.max(1, Math.round(Math.min(1, share) * documents));
        for (int i = 0; i < documents; i++) {
            if ((i + 1) * kept / documents == i * kept / documents) {
                continue;
            }
            long start = from.documentOffset(i);
            long length = from.documentOffset(i + 1) - start;
            int[] ids = new int[Math.toIntExact(documents > 1 ? length : (long) (length * Math.min(1, share)))];
            from.copy(start, ids, 0, ids.length);
            writer.add(ids);
            rows.add(row(from, table, i));
        }
        writer.commit();
        return new TextPreparation.Split(rows, writer.checksum());
    }

    private static SourceDocument row(TokenStore from, @Nullable DocumentTable table, int document) {
        if (table == null) {
            return new SourceDocument("", null, from.file().toString(), 0);
        }
        int label = table.label(document);
        return new SourceDocument("", label < 0 ? null : table.classes().get(label), table.origin(document), 0);
    }
}
