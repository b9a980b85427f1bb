/*
 * commands_run: what each command of the table does, with what cli.c has parsed into `call`. Each
 * returns the status of the process.
 */
#ifndef SEBEZ_NODE_COMMANDS_RUN_H
#define SEBEZ_NODE_COMMANDS_RUN_H

int run_serve(void);
int run_migrate(void);
int run_demo(void);
int run_import(void);
int run_admin_create(void);
int run_reset_factors(void);
int run_clear_networks(void);
int run_check(void);
int run_media_move(void);
int run_mail_test(void);
int run_sms_test(void);
int run_mail_bounce(void);
int run_media_verify(void);
int run_secrets_rotate(void);
int run_secrets_status(void);
int run_secrets_carry(void);
int run_secrets_end(void);
int run_backup(void);
int run_backup_list(void);
int run_backup_verify(void);
int run_backup_drill(void);
int run_backup_status(void);
int run_backup_images(void);
int run_backup_keeper(void);
int run_backup_ship(void);
int run_backup_take_over(void);
int run_restore(void);
int run_restored(void);
int run_wal_put(void);
int run_wal_get(void);
int run_reload(void);
int run_stop(void);
int run_status(void);
int run_nginx_conf(void);
int run_ready(void);
int run_top(void);
int run_probe(void);
int run_openapi(void);
int run_version(void);
int run_api(void);
int run_media(void);
int run_jobs(void);

#endif
