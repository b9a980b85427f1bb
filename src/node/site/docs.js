/* Shows /openapi.json with Scalar. All that would ask somebody else's server is off. */
Scalar.createApiReference("#reference", {
	url: "/openapi.json",
	proxyUrl: "",
	withDefaultFonts: false,
	telemetry: false,
	agent: { disabled: true },
	mcp: { disabled: true },
	hideClientButton: true,
	showDeveloperTools: "never",
	hiddenClients: true,
	documentDownloadType: "none",
	operationTitleSource: "summary",
	metaData: { title: "Sebez API" },
});
