"""The rows of the isolation matrix: how a valid call of each operation is made.

They are made in the world of world.py: `w`, whose two sides are a vendor and a customer each.
ROWS says for each operation what differs from the obvious. The obvious: path ids are the side's own
(Side.ids), there is no body. A new operation needs its row; `{}` will often do.

    body=lambda w, who, side: {...}   the JSON body; put an id of the side wherever one fits
    data=lambda w, who, side: b"..."  raw bytes instead
    ids=lambda w, who, side: {...}    path ids made for this call, because the call uses them up
    before=lambda w, who, side: ...   what `who` must have done first
    query={...}                       query parameters that it requires
    link=lambda w, ids: "..."         the query of a signed link
    twin=twin_of                      the call uses its caller up: it is made by a second sign-in
    twin=somebody_new                 or by somebody who has nothing to lose
    twin=stand_in                     or by a colleague with the same role
"""
from dataclasses import dataclass
from typing import Callable

from callers import somebody_new, stand_in, twin_of
from harness.codes import coded, fresh_phone, mailed, reset_of
from harness.codes import registered as registered_address
from harness.devices import a_phone
from harness.documents import a_document, document_body
from harness.mails import unsubscribe_token
from harness.media import a_file, put_headers, signed_query
from harness.shop import ADDRESS, PASSWORD, fresh, money
from makers import (a_message, account_body, an_apple, app_code, at_the_sandbox, bought, campaign,
                    campaign_body, challenge_answer, changed_address, choice, debt_paid, declined,
                    delivered_ids, emoji, export_body, exported, few_webhooks, first_code,
                    former_address, held_account, indebted, invitation_token, line, message_body,
                    my_message, new_dead_letter, new_delivery, new_passkey, new_platform_delivery,
                    no_identity,
                    new_platform_webhook, new_product, new_rule, new_staff, new_user, new_webhook,
                    nothing, order_body, own_cursor, paid_and_cancelled, payout, platform_campaign,
                    preferences, product_of_two, put_in_cart, reason, refund_body, report_body,
                    rule_body, settings, shipped, signed_passkey, subject, suppressed, tax_profile,
                    unclosed, vendor_cursor, vendor_in, webhook_body, with_activity,
                    with_another_customer, with_another_vendor, with_app, with_options)
from makers import copied, leaving, leaving_user
from makers import (charged_back, disputed, evidence_body, evidenced, inspected_body, paid_back,
                    return_body, returned, support_view)

CSV = b"Handle,Title,Variant SKU,Variant Price\r\nmatrix-row,Matrix row,MATRIX-ROW,12.50\r\n"
NEVER = "0190b0b0-0000-7000-8000-00000000dead"


@dataclass
class Row:
    body: Callable | None = None
    data: Callable | None = None
    ids: Callable | None = None
    before: Callable | None = None
    query: dict | None = None
    link: Callable | None = None
    twin: Callable | None = None


ROWS = {
    # accounts
    "registerAccount": Row(body=lambda w, who, side: {
        "email": fresh("new") + "@example.com", "password": PASSWORD, "name": "New"}),
    "confirmRegistration": Row(body=lambda w, who, side: registered_address(
        w.shop, fresh("new") + "@example.com")),
    "login": Row(body=lambda w, who, side: {
        "email": side.customer.account["email"], "password": PASSWORD}),
    "requestPasswordReset": Row(body=lambda w, who, side: {
        "email": fresh("nobody") + "@example.com"}),
    "resetPassword": Row(body=lambda w, who, side: {
        **reset_of(w.shop, w.shop.customer().account["email"]), "password": PASSWORD}),
    "setMyPassword": Row(body=lambda w, who, side: {
        "password": PASSWORD, "current_password": PASSWORD}, twin=somebody_new),
    "requestEmailChange": Row(body=lambda w, who, side: {
        "email": fresh("another") + "@example.com"}),
    "confirmEmailChange": Row(body=changed_address, twin=somebody_new),
    "undoEmailChange": Row(body=former_address),
    "requestEmailCode": Row(body=lambda w, who, side: {
        "email": fresh("nobody") + "@example.com"}),
    "signInByEmail": Row(body=lambda w, who, side: mailed(
        w.shop, w.shop.customer().account["email"])),
    "requestPhoneCode": Row(body=lambda w, who, side: {"phone": fresh_phone()}),
    "signInByPhone": Row(body=lambda w, who, side: {
        **coded(w.shop.server, w.shop.anonymous()), "name": "New"}),
    "setMyPhone": Row(body=lambda w, who, side: {"phone": None, "current_password": PASSWORD}),
    "answerChallenge": Row(body=challenge_answer),
    "stepUp": Row(body=lambda w, who, side: {"password": PASSWORD}),
    "requestDeletion": Row(twin=somebody_new),
    "cancelDeletion": Row(before=leaving, twin=somebody_new),
    "requestUserDeletion": Row(ids=new_user, body=reason),
    "cancelUserDeletion": Row(ids=leaving_user),
    "requestDataExport": Row(),
    "getDataExport": Row(before=copied),
    "openDataExport": Row(before=copied),
    "requestUserDataExport": Row(ids=new_user, body=reason),
    "beginPasskeySignIn": Row(body=nothing),
    "signInByPasskey": Row(body=signed_passkey),
    "beginPasskeyStepUp": Row(),
    "beginPasskey": Row(),
    "addPasskey": Row(body=new_passkey, twin=somebody_new),
    "listPasskeys": Row(),
    "renamePasskey": Row(body=lambda w, who, side: {"name": "Key"}),
    "removePasskey": Row(ids=lambda w, who, side: {"passkey_id": side.passkey()}),
    "beginIdentitySignIn": Row(),
    "signInByIdentity": Row(body=no_identity),
    "beginIdentity": Row(),
    "linkIdentity": Row(body=no_identity),
    "listIdentities": Row(),
    "unlinkIdentity": Row(ids=lambda w, who, side: {"identity_id": side.identity()}),
    "getTwoFactor": Row(),
    "beginTotp": Row(body=nothing, twin=somebody_new),
    "confirmTotp": Row(body=first_code, twin=somebody_new),
    "renewRecoveryCodes": Row(before=with_app, body=app_code, twin=somebody_new),
    "disableTotp": Row(before=with_app, body=app_code, twin=somebody_new),
    "refresh": Row(body=lambda w, who, side: {
        "refresh_token": twin_of(side.customer).refresh_token}),
    "logout": Row(body=nothing, twin=twin_of),
    "getMe": Row(),
    "updateMe": Row(body=lambda w, who, side: {"name": "Another name", "avatar": None}),
    "listAddresses": Row(),
    "createAddress": Row(body=lambda w, who, side: ADDRESS),
    "updateAddress": Row(body=lambda w, who, side: {"city": "Paris"}),
    "deleteAddress": Row(ids=lambda w, who, side: {"address_id": side.address()}),
    "listMySessions": Row(),
    "endOtherSessions": Row(twin=somebody_new),
    "endSession": Row(ids=lambda w, who, side: {"session_id": side.session()}),
    "acceptInvitation": Row(body=invitation_token),
    # support views
    "listSupportViews": Row(),
    "startSupportView": Row(body=lambda w, who, side: {
        "vendor_id": side.vendor.id, "reason": "A test"}),
    "endSupportView": Row(ids=lambda w, who, side: {"view_id": support_view(who, side)}),
    # documents and consents
    "listDocuments": Row(),
    "getDocument": Row(ids=lambda w, who, side: {"document_id": side.ids["document_id"]}),
    "listMyConsents": Row(),
    "giveConsent": Row(body=lambda w, who, side: {"document_id": a_document(w.shop)}),
    "withdrawConsent": Row(ids=lambda w, who, side: {"document_id": side.document()}),
    "listDocumentVersions": Row(),
    "publishDocument": Row(body=document_body),
    "listUserConsents": Row(),
    # the shop window
    "listProducts": Row(),
    "getProductFacets": Row(),
    "getProduct": Row(),
    "listCategories": Row(),
    "listVendors": Row(),
    "getVendor": Row(),
    # vendors
    "applyVendor": Row(body=lambda w, who, side: {"name": fresh("Applicant")}),
    "getMyVendor": Row(),
    "updateVendor": Row(body=lambda w, who, side: {"description": "New", "logo": None}),
    "getVendorChecklist": Row(),
    "listShippingMethods": Row(),
    "createShippingMethod": Row(
        before=lambda w, who, side: w.shop.db.rows(
            "delete from shipping_method where vendor_id = %s and name = 'Extra'", side.vendor.id),
        body=lambda w, who, side: {"name": "Extra", "price": money(900)}),
    "updateShippingMethod": Row(body=lambda w, who, side: {"handling_days": 3}),
    "deleteShippingMethod": Row(ids=lambda w, who, side: {
        "method_id": side.vendor.shipping_method("Short-lived")["id"]}),
    "listStaff": Row(),
    "updateStaff": Row(ids=new_staff, body=lambda w, who, side: {"role": "finance"}),
    "removeStaff": Row(ids=new_staff),
    "leaveStaff": Row(twin=stand_in),
    "listInvitations": Row(),
    "createInvitation": Row(body=lambda w, who, side: {
        "email": fresh("invited") + "@example.com", "role": "support"}),
    "revokeInvitation": Row(ids=lambda w, who, side: {
        "invitation_id": side.invite(fresh("unwanted") + "@example.com")["id"]}),
    "followVendor": Row(),
    "unfollowVendor": Row(),
    "listFollows": Row(),
    "countFollowers": Row(),
    # catalogue
    "listVendorProducts": Row(),
    "countFetchedImages": Row(),
    "listFailedImages": Row(),
    "createVendorProduct": Row(body=lambda w, who, side: {
        "title": fresh("Product"), "category_id": w.category_id,
        "variants": [{"price": money(500), "available": 5}]}),
    "importProducts": Row(data=lambda w, who, side: CSV),
    "exportProducts": Row(),
    "getVendorProduct": Row(),
    "updateVendorProduct": Row(body=lambda w, who, side: {
        "description": fresh("text"), "category_id": w.category_id}),
    "deleteVendorProduct": Row(ids=new_product),
    "createVariant": Row(ids=with_options, body=lambda w, who, side: {
        "price": money(700), "options": {"Size": "M"}}),
    "updateVariant": Row(body=lambda w, who, side: {"barcode": "4006381333931"}),
    "deleteVariant": Row(ids=product_of_two),
    "setVariantStock": Row(body=lambda w, who, side: {"adjust": 1, "reason": "Found one"}),
    # carts
    "getCart": Row(),
    "clearCart": Row(before=put_in_cart),
    "putCartLine": Row(body=lambda w, who, side: {"quantity": 2}),
    "deleteCartLine": Row(before=put_in_cart),
    "quoteCart": Row(before=put_in_cart, body=lambda w, who, side: {
        "shipping_address": ADDRESS, "shipping": [choice(side)]}),
    # orders of customers
    "placeOrder": Row(before=lambda w, who, side: put_in_cart(w, who, side) if who.account else 0,
                      body=order_body),
    "listOrders": Row(),
    "getOrder": Row(),
    "listPaymentAttempts": Row(),
    "createPaymentAttempt": Row(ids=bought(method="sandbox"), body=nothing),
    "getPaymentAttempt": Row(ids=declined),
    "checkPaymentAttempt": Row(ids=declined),
    "cancelOrder": Row(ids=bought(), body=reason),
    "cancelSubOrder": Row(ids=bought(), body=lambda w, who, side: {"lines": [line(side)]}),
    "confirmDelivery": Row(ids=bought("accept", "ship"), body=nothing),
    "confirmShipmentDelivery": Row(ids=shipped),
    # sub-orders of vendors
    "listSubOrders": Row(),
    "countSubOrders": Row(),
    "getSubOrder": Row(),
    "getSubOrderHistory": Row(),
    "acceptSubOrder": Row(ids=bought(), body=nothing),
    "packSubOrder": Row(ids=bought("accept"), body=nothing),
    "shipSubOrder": Row(ids=bought("accept"), body=lambda w, who, side: {
        "carrier": "Post", "lines": [line(side)]}),
    "deliverSubOrder": Row(ids=shipped, body=lambda w, who, side: {
        "shipment_id": side.ids["shipment_id"]}),
    "listSubOrderRefunds": Row(),
    "listVendorRefunds": Row(),
    "refundSubOrder": Row(ids=delivered_ids, body=refund_body),
    "adminListRefunds": Row(),
    "adminRefundSubOrder": Row(ids=delivered_ids, body=refund_body),
    "cancelSubOrderByVendor": Row(ids=bought(), body=lambda w, who, side: {
        "reason": "Broken", "lines": [line(side)]}),
    # the ledger
    "getBalance": Row(),
    "listLedger": Row(),
    "listMoneyAccounts": Row(),
    "listJournals": Row(),
    "getJournal": Row(),
    "markDebtPaid": Row(ids=indebted, body=lambda w, who, side: {"amount": money(1)}),
    "reverseJournal": Row(ids=debt_paid, body=reason),
    "listPeriods": Row(),
    "closePeriod": Row(ids=unclosed, body=lambda w, who, side: {}),
    # reports
    "reportSales": Row(),
    "reportMoney": Row(),
    # the feed
    "getEvents": Row(),
    "getVendorEvents": Row(),
    "createEventsTicket": Row(),
    "acknowledgeEvents": Row(body=own_cursor),
    "acknowledgeVendorEvents": Row(body=vendor_cursor),
    "getSync": Row(),
    "getVendorSync": Row(),
    # notices
    "listNotifications": Row(),
    "readNotifications": Row(body=lambda w, who, side: {"up_to": NEVER, "ids": [NEVER]}),
    "getNotificationPreferences": Row(),
    "putNotificationPreferences": Row(body=lambda w, who, side: preferences()),
    "openNotification": Row(),
    # campaigns
    "listVendorCampaigns": Row(),
    "createVendorCampaign": Row(body=campaign_body),
    "getVendorCampaign": Row(),
    "putVendorCampaign": Row(ids=campaign("draft"), body=campaign_body),
    "deleteVendorCampaign": Row(ids=campaign("draft")),
    "previewVendorCampaign": Row(),
    "testVendorCampaign": Row(),
    "submitCampaign": Row(ids=campaign("draft")),
    "scheduleVendorCampaign": Row(ids=campaign("approved"),
                                  body=lambda w, who, side: {"local_at": "2999-12-24T18:00"}),
    "stopVendorCampaign": Row(ids=campaign("approved"), body=nothing),
    "listCampaigns": Row(),
    "createCampaign": Row(body=campaign_body),
    "getCampaign": Row(),
    "putCampaign": Row(ids=platform_campaign("draft"), body=campaign_body),
    "deleteCampaign": Row(ids=platform_campaign("draft")),
    "previewCampaign": Row(),
    "testCampaign": Row(),
    "scheduleCampaign": Row(ids=platform_campaign("draft"),
                            body=lambda w, who, side: {"send_at": "2999-12-24T18:00:00Z"}),
    "stopCampaign": Row(ids=campaign("approved"), body=nothing),
    "approveCampaign": Row(ids=campaign("submitted"), body=nothing),
    "refuseCampaign": Row(ids=campaign("submitted"), body=reason),
    # devices
    "listDevices": Row(),
    "putDevice": Row(body=lambda w, who, side: a_phone()),
    "deleteDevice": Row(ids=lambda w, who, side: {"device_id": side.device()}),
    "putLiveActivity": Row(ids=an_apple, body=lambda w, who, side: {"token": 64 * "a"}),
    "deleteLiveActivity": Row(ids=with_activity),
    # uploads
    "createUpload": Row(body=lambda w, who, side: {
        "purpose": "avatar", "content_type": "image/jpeg", "bytes": 1000}),
    "getUpload": Row(),
    "completeUpload": Row(),
    "deleteUpload": Row(ids=lambda w, who, side: {"upload_id": side.upload()}),
    # chat: a customer
    "openConversation": Row(body=subject),
    "listConversations": Row(),
    "getConversation": Row(),
    "listMessages": Row(),
    "sendMessage": Row(body=message_body),
    "getMessage": Row(),
    "editMessage": Row(ids=my_message, body=lambda w, who, side: {"text": "Is it green?"}),
    "deleteMessage": Row(ids=my_message),
    "putReaction": Row(body=emoji),
    "deleteReaction": Row(),
    "reportMessage": Row(ids=lambda w, who, side: {
        "message_id": side.message(side.vendor.owner)["id"]}, body=report_body),
    "markRead": Row(body=lambda w, who, side: {"seq": 1}),
    "setTyping": Row(),
    "blockVendor": Row(ids=with_another_vendor),
    "unblockVendor": Row(),
    "muteConversation": Row(body=lambda w, who, side: {"until": None}),
    "unmuteConversation": Row(),
    "getUnread": Row(),
    "eraseMyMessages": Row(twin=somebody_new),
    # chat: the staff
    "openVendorConversation": Row(body=lambda w, who, side: {
        "sub_order_id": side.ids["sub_order_id"]}),
    "listVendorConversations": Row(),
    "getVendorConversation": Row(),
    "listVendorMessages": Row(),
    "sendVendorMessage": Row(body=message_body),
    "muteVendorConversation": Row(body=lambda w, who, side: {"until": None}),
    "unmuteVendorConversation": Row(),
    "getVendorMessage": Row(),
    "editVendorMessage": Row(ids=my_message, body=lambda w, who, side: {"text": "Is it green?"}),
    "deleteVendorMessage": Row(ids=my_message),
    "putVendorReaction": Row(body=emoji),
    "deleteVendorReaction": Row(),
    "reportVendorMessage": Row(ids=a_message, body=report_body),
    "markVendorRead": Row(body=lambda w, who, side: {"seq": 1}),
    "setVendorTyping": Row(),
    "blockCustomer": Row(ids=with_another_customer),
    "unblockCustomer": Row(),
    "assignConversation": Row(body=lambda w, who, side: {"user_id": side.vendor.owner.id}),
    "closeConversation": Row(),
    "reopenConversation": Row(),
    "listNotes": Row(),
    "createNote": Row(body=lambda w, who, side: {"text": "Be kind"}),
    "searchMessages": Row(query={"q": "blue"}),
    "searchVendorMessages": Row(query={"q": "blue"}),
    "getVendorUnread": Row(),
    "listCannedReplies": Row(),
    "createCannedReply": Row(body=lambda w, who, side: {"title": "Hello", "text": "Hello!"}),
    "updateCannedReply": Row(body=lambda w, who, side: {"text": "Hi!"}),
    "deleteCannedReply": Row(ids=lambda w, who, side: {"reply_id": side.canned_reply()}),
    # chat: admins
    "listReports": Row(),
    "getReport": Row(),
    "decideReport": Row(ids=lambda w, who, side: {"report_id": side.report()},
                        body=lambda w, who, side: {"decision": "remove"}),
    "adminListMessages": Row(),
    "removeMessage": Row(ids=a_message),
    "listHeldMessages": Row(),
    "decideHeldMessage": Row(ids=lambda w, who, side: {"held_id": side.held()},
                             body=lambda w, who, side: {"decision": "release"}),
    "eraseMessages": Row(ids=new_user, body=reason),
    "getChatSettings": Row(),
    "putChatSettings": Row(body=lambda w, who, side: w.shop.admin().do("getChatSettings")),
    # webhooks
    "listWebhooks": Row(),
    "createWebhook": Row(before=few_webhooks, body=webhook_body),
    "getWebhook": Row(),
    "putWebhook": Row(body=lambda w, who, side: {
        **webhook_body(w, who, side), "description": "Of the side"}),
    "deleteWebhook": Row(ids=new_webhook),
    "rotateWebhookSecret": Row(ids=new_webhook),
    "testWebhook": Row(ids=new_webhook),
    "listWebhookDeliveries": Row(),
    "redeliverWebhook": Row(ids=new_delivery),
    "testPlatformWebhook": Row(ids=new_platform_webhook),
    "listPlatformWebhookDeliveries": Row(ids=new_platform_webhook),
    "redeliverPlatformWebhook": Row(ids=new_platform_delivery),
    "listPlatformWebhooks": Row(),
    "createPlatformWebhook": Row(before=few_webhooks, body=webhook_body),
    "getPlatformWebhook": Row(ids=new_platform_webhook),
    "putPlatformWebhook": Row(ids=new_platform_webhook, body=webhook_body),
    "deletePlatformWebhook": Row(ids=new_platform_webhook),
    "rotatePlatformWebhookSecret": Row(ids=new_platform_webhook),
    # admin
    "adminListVendors": Row(),
    "adminGetVendor": Row(),
    "approveVendor": Row(ids=vendor_in("applied"), body=nothing),
    "rejectVendor": Row(ids=vendor_in("applied"), body=reason),
    "suspendVendor": Row(ids=vendor_in("approved"), body=reason),
    "reinstateVendor": Row(ids=vendor_in("suspended"), body=nothing),
    "closeVendor": Row(ids=vendor_in("suspended"), body=reason),
    "setVendorCommission": Row(body=lambda w, who, side: {"commission_basis_points": None}),
    "listCommissionRules": Row(),
    "createCommissionRule": Row(body=rule_body),
    "getCommissionRule": Row(ids=new_rule),
    "putCommissionRule": Row(ids=new_rule, body=rule_body),
    "deleteCommissionRule": Row(ids=new_rule),
    "previewCommission": Row(body=lambda w, who, side: {
        "sale": {"product_id": side.ids["product_id"]}, "draft": rule_body(w, who, side)}),
    "listStatements": Row(),
    "getStatement": Row(ids=lambda w, who, side: {"month": "2026-02"}),
    # returns
    "requestReturn": Row(ids=delivered_ids, body=return_body),
    "listMyReturns": Row(),
    "getReturn": Row(),
    "shipReturn": Row(ids=returned("approved"), body=nothing),
    "cancelReturn": Row(ids=returned("requested"), body=nothing),
    "listVendorReturns": Row(),
    "getVendorReturn": Row(),
    "approveReturn": Row(ids=returned("requested"), body=nothing),
    "refuseReturn": Row(ids=returned("requested"), body=reason),
    "receiveReturn": Row(ids=returned("approved")),
    "inspectReturn": Row(ids=returned("received"), body=inspected_body),
    "refundReturn": Row(ids=returned("inspected"), body=nothing),
    "adminListReturns": Row(),
    "adminGetReturn": Row(),
    "adminApproveReturn": Row(ids=returned("requested"), body=nothing),
    "adminRefuseReturn": Row(ids=returned("requested"), body=reason),
    "adminReceiveReturn": Row(ids=returned("approved")),
    "adminInspectReturn": Row(ids=returned("received"), body=inspected_body),
    "adminRefundReturn": Row(ids=returned("inspected"), body=nothing),
    # disputes
    "openDispute": Row(ids=delivered_ids, body=lambda w, who, side: {
        "reason": "other", "text": "A test"}),
    "listMyDisputes": Row(),
    "getDispute": Row(),
    "addDisputeStatement": Row(ids=disputed, body=lambda w, who, side: {"text": "A test"}),
    "withdrawDispute": Row(ids=disputed),
    "listVendorDisputes": Row(),
    "getVendorDispute": Row(),
    "addVendorDisputeStatement": Row(ids=disputed, body=lambda w, who, side: {"text": "A test"}),
    "adminListDisputes": Row(),
    "adminGetDispute": Row(),
    "decideDispute": Row(ids=disputed, body=lambda w, who, side: {
        "outcome": "vendor", "reason": "A test"}),
    "listVendorChargebacks": Row(),
    "getVendorChargeback": Row(),
    "addVendorChargebackEvidence": Row(ids=charged_back, body=evidence_body),
    "adminListChargebacks": Row(),
    "adminGetChargeback": Row(),
    "adminAddChargebackEvidence": Row(ids=charged_back, body=evidence_body),
    "sendChargebackEvidence": Row(ids=evidenced),
    # papers
    "listInvoices": Row(),
    "getInvoice": Row(),
    "listVendorInvoices": Row(),
    "getVendorInvoice": Row(),
    "adminListInvoices": Row(),
    "adminGetInvoice": Row(),
    "getTaxProfile": Row(),
    "putTaxProfile": Row(body=tax_profile),
    "adminGetTaxProfile": Row(),
    "getMarketplaceTaxProfile": Row(),
    "reportSellers": Row(query={"year": 2026}),
    "putMarketplaceTaxProfile": Row(body=tax_profile),
    # payouts
    "getPayoutAccount": Row(),
    "putPayoutAccount": Row(body=account_body),
    "withdrawPayoutAccount": Row(before=held_account),
    "listPayouts": Row(),
    "getPayout": Row(),
    "adminListPayouts": Row(),
    "runPayouts": Row(body=lambda w, who, side: {"vendor_id": side.ids["vendor_id"]}),
    "adminGetPayout": Row(),
    "approvePayout": Row(ids=payout("pending")),
    "markPayoutPaid": Row(ids=payout("approved"), body=nothing),
    "markPayoutFailed": Row(ids=payout("approved"), body=reason),
    "markPayoutReturned": Row(ids=payout("paid"), body=reason),
    "exportPayouts": Row(before=lambda w, who, side: side.payout("approved"), body=export_body),
    "getPayoutExport": Row(ids=exported, query={"format": "csv"}),
    "getPayoutTerms": Row(),
    "putPayoutTerms": Row(body=nothing),
    "adminListUsers": Row(),
    "adminGetUser": Row(),
    "lockUser": Row(ids=new_user, body=reason),
    "unlockUser": Row(ids=new_user, body=nothing),
    "setAdminRole": Row(ids=new_user, body=lambda w, who, side: {"role": "support"}),
    "createCategory": Row(body=lambda w, who, side: {
        "name": fresh("Category"), "parent_id": w.category_id}),
    "updateCategory": Row(ids=lambda w, who, side: {"category_id": w.new_category()},
                          body=lambda w, who, side: {"name": "Renamed", "image": None,
                                                     "parent_id": w.category_id}),
    "deleteCategory": Row(ids=lambda w, who, side: {"category_id": w.new_category()}),
    "adminListProducts": Row(),
    "unlistProduct": Row(ids=new_product, body=reason),
    "relistProduct": Row(ids=new_product, body=nothing),
    "adminListOrders": Row(),
    "adminGetOrder": Row(),
    "adminListPaymentAttempts": Row(),
    "listPaymentRefunds": Row(),
    "markPaymentReceived": Row(ids=bought(method="manual"), body=nothing),
    "markRefunded": Row(ids=paid_and_cancelled, body=paid_back),
    "adminListSubOrders": Row(),
    "adminGetSubOrder": Row(),
    "transitionSubOrder": Row(ids=bought(), body=lambda w, who, side: {
        "to": "cancelled", "reason": "A test", "lines": [line(side)]}),
    "listAudit": Row(),
    "getSettings": Row(),
    "putSettings": Row(body=settings),
    # the outbox
    "listDeadLetters": Row(),
    "getDeadLetter": Row(),
    "replayDeadLetter": Row(ids=new_dead_letter),
    "replayDeadLetters": Row(body=lambda w, who, side: {"topic": "of_the_future"}),
    "dropDeadLetter": Row(ids=new_dead_letter),
    # mails
    "getUnsubscribePage": Row(ids=lambda w, who, side: {
        "link": unsubscribe_token(w.shop.server, "promotions", NEVER)}),
    "unsubscribe": Row(data=lambda w, who, side: b"List-Unsubscribe=One-Click",
                       ids=lambda w, who, side: {
                           "link": unsubscribe_token(w.shop.server, "promotions", NEVER)}),
    "takeMailWebhook": Row(data=lambda w, who, side: b"{}"),
    "listPaymentMethods": Row(),
    "takePaymentWebhook": Row(data=lambda w, who, side: b"{}", ids=lambda w, who, side: {
        "provider": "nobody"}),
    "getSandboxPage": Row(ids=at_the_sandbox),
    "decideSandboxPayment": Row(data=lambda w, who, side: b"", ids=at_the_sandbox),
    "listDevMails": Row(),
    "listDevPushes": Row(),
    "listDevSms": Row(),
    "getDevMail": Row(ids=lambda w, who, side: {"mail_id": NEVER}),
    "getDevMailHtml": Row(ids=lambda w, who, side: {"mail_id": NEVER}),
    "listMailSuppressions": Row(),
    "removeMailSuppression": Row(ids=lambda w, who, side: {
        "suppression_id": suppressed(w.shop.db)}),
    # the node
    "getHealth": Row(),
    "getReadiness": Row(),
    "getMetrics": Row(),
    "getOpenapi": Row(),
    "getAppleAppSiteAssociation": Row(),
    "getAssetLinks": Row(),
    "getDocs": Row(),
    "getRoot": Row(),
    "putUploadPart": Row(
        ids=lambda w, who, side: {"upload_id": NEVER, "part": 1}, data=lambda w, who, side: b"x",
        link=lambda w, ids: signed_query(w.shop.server, "PUT", "incoming/{upload_id}/{part}", ids,
                                         put_headers(b"x"))),
    "getPublicFile": Row(ids=lambda w, who, side: a_file(w.shop.server, "public")),
    "getPrivateFile": Row(
        ids=lambda w, who, side: a_file(w.shop.server, "private"),
        link=lambda w, ids: signed_query(w.shop.server, "GET", "private/{group}/{file}", ids)),
    "getDocsFile": Row(ids=lambda w, who, side: {"file": "site.css"}),
    "getConsole": Row(),
    "getConsoleFile": Row(ids=lambda w, who, side: {"page": "sign-in"}),
}
