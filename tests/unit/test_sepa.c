#include "unit.h"

#include "base/arena.h"
#include "shop/payouts/sepa.h"

static const char WANTED[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\">\n"
    "<CstmrCdtTrfInitn>\n"
    "<GrpHdr><MsgId>0198f1c2110070008000000000000110</MsgId>"
    "<CreDtTm>2026-02-16T08:00:00Z</CreDtTm><NbOfTxs>2</NbOfTxs><CtrlSum>123.46</CtrlSum>"
    "<InitgPty><Nm>M.rkt . Co</Nm></InitgPty></GrpHdr>\n"
    "<PmtInf><PmtInfId>0198f1c2110070008000000000000110</PmtInfId><PmtMtd>TRF</PmtMtd>"
    "<BtchBookg>true</BtchBookg><NbOfTxs>2</NbOfTxs><CtrlSum>123.46</CtrlSum>"
    "<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf>"
    "<ReqdExctnDt><Dt>2026-02-17</Dt></ReqdExctnDt><Dbtr><Nm>M.rkt . Co</Nm></Dbtr>"
    "<DbtrAcct><Id><IBAN>GB29NWBK60161331926819</IBAN></Id></DbtrAcct>"
    "<DbtrAgt><FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId></DbtrAgt>"
    "<ChrgBr>SLEV</ChrgBr>\n"
    "<CdtTrfTxInf><PmtId><EndToEndId>0198f1c2100070008000000000001001</EndToEndId></PmtId>"
    "<Amt><InstdAmt Ccy=\"EUR\">123.45</InstdAmt></Amt>"
    "<Cdtr><Nm>M.ller . S.hne .Ton.</Nm></Cdtr>"
    "<CdtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></CdtrAcct>"
    "<RmtInf><Ustrd>Payout 0198f1c2100070008000000000001001</Ustrd></RmtInf></CdtTrfTxInf>\n"
    "<CdtTrfTxInf><PmtId><EndToEndId>0198f1c2100070008000000000001002</EndToEndId></PmtId>"
    "<Amt><InstdAmt Ccy=\"EUR\">0.01</InstdAmt></Amt><Cdtr><Nm>... ..</Nm></Cdtr>"
    "<CdtrAcct><Id><IBAN>NL91ABNA0417164300</IBAN></Id></CdtrAcct>"
    "<RmtInf><Ustrd>Payout 0198f1c2100070008000000000001002</Ustrd></RmtInf></CdtTrfTxInf>\n"
    "</PmtInf>\n"
    "</CstmrCdtTrfInitn>\n"
    "</Document>\n";

static struct uuid id_of(const char *text)
{
	struct uuid id;

	assert_true(uuid_parse(text, &id));
	return id;
}

static void no_memory(void *owner)
{
	fail_msg("the arena is full");
}

/* What SEPA does not allow in names, and what XML gives a meaning, is a dot. */
static void a_file_has_each_transfer_and_their_sum(void **state)
{
	struct arena *arena = arena_new(1 << 16, no_memory, NULL);
	struct buf buf = buf_new(arena, 1024);

	sepa_begin(&buf, &(struct sepa_file){
	                     .id = id_of("0198f1c2-1100-7000-8000-000000000110"),
	                     .created = "2026-02-16T08:00:00Z",
	                     .execute_on = "2026-02-17",
	                     .count = 2,
	                     .total = 12346,
	                     .debtor_name = "M\u00e4rkt & Co",
	                     .debtor_iban = "GB29NWBK60161331926819",
	                 });
	sepa_transfer(&buf, &(struct sepa_transfer){id_of("0198f1c2-1000-7000-8000-000000001001"),
	                                            12345, "M\u00fcller & S\u00f6hne <Ton>",
	                                            "DE89370400440532013000"});
	sepa_transfer(&buf, &(struct sepa_transfer){id_of("0198f1c2-1000-7000-8000-000000001002"),
	                                            1, "\u134d\u1245\u122d \u1230\u120b",
	                                            "NL91ABNA0417164300"});
	sepa_end(&buf);
	assert_string_equal(arena_strndup(arena, buf.data, buf.length), WANTED);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_has_each_transfer_and_their_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
