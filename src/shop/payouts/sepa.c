#include "shop/payouts/sepa.h"

#include <assert.h>
#include <string.h>

#include "base/money.h"

/* The 35 characters that ids may have: a UUID without its dashes. */
static void add_id(struct buf *buf, struct uuid id)
{
	char text[UUID_TEXT_LENGTH + 1];

	uuid_format(id, text);
	for (const char *at = text; *at != '\0'; at++)
		if (*at != '-')
			buf_add(buf, at, 1);
}

/* Banks accept the Latin letters without accents that SEPA names (EPC217-08). What is not one of
 * them is a dot, which no name begins or ends the meaning of: banks compare IBANs. */
static void add_name(struct buf *buf, const char *name)
{
	static const char ALLOWED[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "/-?:().,'+ ";

	assert(name[0] != '\0');
	for (const char *at = name; *at != '\0'; at++) {
		if (((unsigned char)*at & 0xc0) == 0x80)
			continue; /* within a character */
		buf_add(buf, strchr(ALLOWED, *at) != NULL ? at : ".", 1);
	}
}

static void add_amount(struct buf *buf, int64_t cents)
{
	char text[32];

	assert(cents > 0);
	money_format_decimal(cents, "EUR", text);
	buf_add_str(buf, text);
}

static void add_totals(struct buf *buf, const struct sepa_file *file)
{
	buf_printf(buf, "<NbOfTxs>%d</NbOfTxs><CtrlSum>", file->count);
	add_amount(buf, file->total);
	buf_add_str(buf, "</CtrlSum>");
}

void sepa_begin(struct buf *buf, const struct sepa_file *file)
{
	assert(file->count > 0);
	buf_add_str(buf, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	                 "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\">\n"
	                 "<CstmrCdtTrfInitn>\n<GrpHdr><MsgId>");
	add_id(buf, file->id);
	buf_printf(buf, "</MsgId><CreDtTm>%s</CreDtTm>", file->created);
	add_totals(buf, file);
	buf_add_str(buf, "<InitgPty><Nm>");
	add_name(buf, file->debtor_name);
	buf_add_str(buf, "</Nm></InitgPty></GrpHdr>\n<PmtInf><PmtInfId>");
	add_id(buf, file->id);
	buf_add_str(buf, "</PmtInfId><PmtMtd>TRF</PmtMtd><BtchBookg>true</BtchBookg>");
	add_totals(buf, file);
	buf_printf(buf,
	           "<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf>"
	           "<ReqdExctnDt><Dt>%s</Dt></ReqdExctnDt><Dbtr><Nm>",
	           file->execute_on);
	add_name(buf, file->debtor_name);
	buf_printf(buf,
	           "</Nm></Dbtr><DbtrAcct><Id><IBAN>%s</IBAN></Id></DbtrAcct>"
	           "<DbtrAgt><FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId></DbtrAgt>"
	           "<ChrgBr>SLEV</ChrgBr>\n",
	           file->debtor_iban);
}

void sepa_transfer(struct buf *buf, const struct sepa_transfer *transfer)
{
	buf_add_str(buf, "<CdtTrfTxInf><PmtId><EndToEndId>");
	add_id(buf, transfer->id);
	buf_add_str(buf, "</EndToEndId></PmtId><Amt><InstdAmt Ccy=\"EUR\">");
	add_amount(buf, transfer->amount);
	buf_add_str(buf, "</InstdAmt></Amt><Cdtr><Nm>");
	add_name(buf, transfer->holder);
	buf_printf(buf, "</Nm></Cdtr><CdtrAcct><Id><IBAN>%s</IBAN></Id></CdtrAcct>",
	           transfer->iban);
	buf_add_str(buf, "<RmtInf><Ustrd>Payout ");
	add_id(buf, transfer->id);
	buf_add_str(buf, "</Ustrd></RmtInf></CdtTrfTxInf>\n");
}

void sepa_end(struct buf *buf)
{
	buf_add_str(buf, "</PmtInf>\n</CstmrCdtTrfInitn>\n</Document>\n");
}
